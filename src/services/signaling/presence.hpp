#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_map.hpp"

namespace seance::signaling {

// How many members a topic has elsewhere: on other loops, or on other replicas. Without I/O. A node is
// whatever has members: a loop's index, or a replica's id.
class Presence {
  public:
    using Node = std::uint64_t;
    struct Share {
        Node node;
        std::uint32_t members;
    };

    void set(std::string_view topic, Node node, std::uint32_t members);  // 0: none any more
    void forget_topic(std::string_view topic);
    void forget_node(Node node);
    void clear() { topics_.clear(); }

    const std::vector<Share>& shares(std::string_view topic) const;
    std::size_t members(std::string_view topic) const;
    template <class Visit>  // void(const std::string& topic)
    void each_topic(Visit visit) const {
        for (const auto& [topic, shares] : topics_) visit(topic);
    }
    std::size_t topics() const { return topics_.size(); }

  private:
    TextMap<std::vector<Share>> topics_;
};

}  // namespace seance::signaling
