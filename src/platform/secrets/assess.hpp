#pragma once
#include <span>
#include <string>
#include <vector>

#include "platform/secrets/bundle.hpp"
#include "platform/stack/stack.hpp"

namespace seance::secrets {

struct Finding {
    enum Kind {
        Missing,      // and required
        Empty,        // there, without a text
        NotText,      // a list, a mapping, or a number that may not be what was typed
        ZeroByte,     // which no variable can hold
        Placeholder,  // from the example file
        BadName,      // no name of a variable
        LineBreak,    // one line of text with a line break behind it
        Extra,        // nobody declares it
    } kind = Missing;
    std::string group;    // "" of the flat form
    std::string name;     // "" of a whole group
    bool blocks = false;  // a deployment must not go out like this
    std::string sentence;
};

struct Assessment {
    std::vector<Finding> findings;  // what blocks comes first
    std::vector<std::pair<std::string, std::string>>
        without;  // service, declared name: not there, not required

    bool blocks() const { return !findings.empty() && findings.front().blocks; }
};

// Beginning of the values in deploy/secrets.example.yaml.
inline constexpr std::string_view kPlaceholder = "replace-me";

// Holds what is in the file against what stack.yaml asks for: all findings at once. `used_by_seance`: names
// of the group `seance` that the tool uses beside those that stack.yaml refers to.
Assessment assess(const stack::Stack& stack, const stack::Environment& environment, const Bundle& bundle,
                  std::span<const std::string> used_by_seance = {});

}  // namespace seance::secrets
