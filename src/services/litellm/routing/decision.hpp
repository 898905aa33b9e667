#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/routing/choice.hpp"

namespace seance::litellm {

// How one request was routed, for its line in the log: who could have answered, who was asked and why not the
// others, what failed and how, what followed. Names, ids and classes only: no text of the request, no key.
class Decision {
  public:
    explicit Decision(bool wanted) : wanted_(wanted) {}

    void considered(std::string_view group, std::span<const Option> options, const Candidates& candidates);
    void attempt(std::string_view id, bool hedge = false);
    void attempt_ended(std::string_view id, const ApiError* error, Duration took);
    void cooled(std::string_view id, Duration time);
    void fell_back(std::string_view model);

    // `,"routing":{…}`; "" if not wanted.
    std::string log_fields(Strategy strategy) const;

  private:
    bool wanted_;
    std::string rounds_, attempts_, cooldowns_, fallbacks_;
};

}  // namespace seance::litellm
