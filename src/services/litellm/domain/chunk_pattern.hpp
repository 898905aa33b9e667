#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// The chunks of a stream are mostly alike but for a string or two. What one became says what the next one
// becomes, so that it need not be read again member by member. Pure.
class ChunkPattern {
  public:
    // Whose value may differ in the next chunk: a string.
    struct Variable {
        std::string_view segment;  // the member as it stands in the chunk
        std::string_view value;    // in it, with its quotes

        explicit Variable(const JsonMember& member) : segment(member.segment), value(member.value.text) {}
    };
    struct Match {
        std::string json;        // what `data` becomes
        std::string_view value;  // of the first variable, in `data`
    };

    // `data` became `json`, which has the members of `first` and `second` as they were. Forgets what was
    // before, also where nothing can be learned.
    void learn(std::string_view data, std::string_view json, const Variable& first,
               const std::optional<Variable>& second);
    void forget() { variables_ = 0; }

    // Nothing if `data` is not as that chunk was, or is no JSON.
    std::optional<Match> match(std::string_view data) const;

  private:
    std::size_t variables_ = 0;  // 0: nothing is known
    bool first_is_last_ = false;
    std::array<std::string, 3> before_, after_;  // the pieces around the variables, of `data` and of `json`
};

}  // namespace seance::litellm
