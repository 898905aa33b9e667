#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/remote/reach.hpp"
#include "platform/plan/wanted.hpp"
#include "platform/releases/git.hpp"

namespace seance::cli {

// The secrets of an environment, as far as they can be had.
struct Secrets {
    std::optional<std::map<std::string, std::map<std::string, SecretText>>> values;  // by group
    std::map<std::string, std::vector<std::string>> names;
    // Service and name of what is required and not in the file.
    std::vector<std::pair<std::string, std::string>> absent;
    std::string file_sha256;
    std::string locked_because;  // why there are no values, a sentence; "" if there are
    std::vector<std::string> warnings;

    std::optional<SpacesKeys> spaces_keys(const stack::Stack& stack) const;
};

// What may be done without values: a plan can be made from names alone.
enum class Need {
    Values,  // what is missing or cannot be opened is refused
    Names,
    Review,  // names, and what is missing is told in Secrets::absent instead of refused
};

// Reads the environment's secrets file. Fails with the context's exit code set if it is broken, or locked
// where values are needed. An environment without a file has none.
std::optional<Secrets> read_secrets(Context& context, const Manifest& manifest, Need need);

// References of the environment that addresses override.
void put_over(plan::Ingredients& ingredients, const Addresses& addresses);

}  // namespace seance::cli
