#pragma once
#include <map>
#include <string>
#include <vector>

#include "platform/stack/parse.hpp"

namespace seance::stack {

// The line of each thing that a rule may complain about, by a path such as "backend.needs.valkey".
using Places = std::map<std::string, int>;

// The rules that hold between parts of a stack; each part by itself has been read.
void check_rules(const Stack& stack, const Places& places, std::vector<Finding>& problems);

}  // namespace seance::stack
