#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "platform/stack/stack.hpp"

namespace seance::secrets {

// What a secrets file holds under one name. Only a Text can become a variable.
struct Value {
    enum class Form {
        Text,  // or a whole number or truth value, written as text
        List,
        Mapping,
        Fraction,  // a number that YAML may have rewritten: 1e5 and 3.10 are not kept as typed
        Time,      // a date, which YAML has rewritten
        Locked,    // there is one, which only the key shows
    };
    SecretText text;  // of a Text
    Form form = Form::Text;
};

// The group of what `seance` itself uses: ${secret.NAME} in stack.yaml.
inline constexpr std::string_view kOwnGroup = "seance";

using Values = std::map<std::string, Value>;
using Variables = std::map<std::string, SecretText>;

// A secrets file that has been opened. Groups are named after services; a name outside of any group, the
// flat form, is for every service that declares it. In a group it is for that service alone, and goes before
// a flat one of the same name.
struct Bundle {
    std::map<std::string, Values> groups;
    Values flat;

    // The value that a service, or kOwnGroup, has under a name; null if none. It may be of any form.
    const Value* find(std::string_view group, std::string_view name) const;
};

// What a service is given: of the names that it declares in this environment, those that have a usable text.
// What is in its group without being declared is not given to it; assess() tells of it.
Variables variables_of(const Bundle& bundle, const stack::Environment& environment,
                       const stack::Service& service);
// The same for all services that have any.
std::map<std::string, Variables> variables_of(const Bundle& bundle, const stack::Stack& stack,
                                              const stack::Environment& environment);

// A text that can be the value of a variable: not empty, without a zero byte.
bool is_usable(const Value& value);

}  // namespace seance::secrets
