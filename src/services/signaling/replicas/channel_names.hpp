#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "services/signaling/replicas/note.hpp"
#include "services/signaling/replicas/topic.hpp"

namespace seance::signaling {

// Of Valkey's channels that replicas meet on. Without I/O.
class ChannelNames {
  public:
    explicit ChannelNames(std::string_view prefix) : prefix_(prefix), topics_(prefix_ + "topic:") {}

    std::string replicas() const { return prefix_ + "replicas"; }
    std::string node(Presence::Node node) const { return prefix_ + "replica:" + print_node(node); }
    std::string topic(std::string_view name) const { return of_hash(hashed_topic(name)); }
    std::string of_hash(std::string_view hash) const { return topics_ + std::string(hash); }
    std::optional<TopicHash> hash_of(std::string_view channel) const {  // none of a topic: nothing
        if (!channel.starts_with(topics_)) return std::nullopt;
        return TopicHash::of(channel.substr(topics_.size()));
    }

  private:
    const std::string prefix_, topics_;
};

}  // namespace seance::signaling
