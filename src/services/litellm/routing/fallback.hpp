#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/error_class.hpp"
#include "services/litellm/routing/settings.hpp"

namespace seance::litellm {

// Where a request goes when a group has failed.
struct FallbackTarget {
    std::string model;
    std::string overrides = {};  // JSON object whose members replace those of the body; "" = none
};

// What the body of a request says of fallbacks.
struct ClientFallbacks {
    bool disabled = false;
    std::vector<FallbackTarget> general;  // of whatever group was asked for
    FallbackTable context_window, content_policy;
};

// The walk through fallbacks of one request (reference, section 6.3): depth first, since a target's own
// fallbacks come before what was left of the list it stood in; no group twice; at most max_fallbacks hops.
// Both arguments outlive it.
class FallbackWalk {
  public:
    FallbackWalk(const RoutingSettings& settings, const ClientFallbacks& client)
        : settings_(settings), client_(client) {}
    // The group that was asked for; `alias`: the name it was asked for by, whose own lists come first.
    void begin(std::string group, std::string alias = {});
    const std::string& first() const { return first_; }

    // Whether there is a list for that group, whatever is left of the hops.
    bool has(std::string_view group, ErrorClass kind) const;
    bool has_general(std::string_view group) const;

    // After `group` has failed that way. Nothing when all that there is has been tried.
    std::optional<FallbackTarget> next(std::string_view group, ErrorClass kind);

    int hops() const { return hops_; }
    // As errors name them: "None" or "['a', 'b']".
    std::string available(std::string_view group) const;

  private:
    std::vector<FallbackTarget> targets_of(std::string_view group, ErrorClass kind) const;
    std::vector<FallbackTarget> general_of(std::string_view group) const;

    const RoutingSettings& settings_;
    const ClientFallbacks& client_;
    const std::vector<std::string>* list_of(const FallbackTable& table, std::string_view group) const;
    const std::vector<std::string>* list_of(const FallbackTable& client, const FallbackTable& configured,
                                            std::string_view group) const;
    std::string first_, alias_;
    std::vector<FallbackTarget> waiting_;  // the next one last
    std::vector<std::string> seen_;
    int hops_ = 0;
    bool client_asked_ = false;
};

}  // namespace seance::litellm
