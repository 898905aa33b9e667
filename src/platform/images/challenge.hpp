#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace seance::images {

// One way to authenticate that a server offers in WWW-Authenticate (RFC 9110 section 11.6.1).
struct Challenge {
    std::string scheme;                             // lower case: "bearer", "basic"
    std::map<std::string, std::string> parameters;  // names in lower case, values without quotes
};

inline constexpr std::size_t kMostChallenges = 8;

// The challenges of one field's value. What comes after a part that cannot be read is left out.
std::vector<Challenge> parse_challenges(std::string_view value);

}  // namespace seance::images
