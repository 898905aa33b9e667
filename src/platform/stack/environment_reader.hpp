#pragma once
#include <string>

#include "platform/stack/field_reader.hpp"
#include "platform/stack/stack.hpp"

namespace seance::stack {

// One entry of `environments`, as written; rules.hpp checks what it says against the services.
Environment read_environment(FieldReader& fields, const std::string& name, const YAML::Node& at,
                             const YAML::Node& node);

}  // namespace seance::stack
