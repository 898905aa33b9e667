#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_map.hpp"

namespace seance::signaling {

// How many members one topic has elsewhere, by who has them.
class Shares {
  public:
    using Node = std::uint64_t;
    struct Share {
        Node node;
        std::uint32_t members;
    };

    void set(Node node, std::uint32_t members);  // 0: none any more
    void clear() { *this = {}; }

    std::size_t members() const { return members_; }
    bool empty() const { return all_.empty(); }
    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }

  private:
    std::vector<Share> all_;
    std::size_t members_ = 0;  // of all
};

// The same of many topics: members on other loops. Without I/O. A node is whatever has members: a loop's
// index here, a replica's id for replicas.
class Presence {
  public:
    using Node = Shares::Node;

    void set(std::string_view topic, Node node, std::uint32_t members);  // 0: none any more
    const Shares& shares(std::string_view topic) const;
    std::size_t members(std::string_view topic) const { return shares(topic).members(); }
    template <class Visit>  // void(const std::string& topic)
    void each_topic(Visit visit) const {
        for (const auto& [topic, shares] : topics_) visit(topic);
    }
    std::size_t topics() const { return topics_.size(); }

  private:
    TextMap<Shares> topics_;
};

}  // namespace seance::signaling
