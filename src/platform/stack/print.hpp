#pragma once
#include <string>

#include "platform/stack/stack.hpp"

namespace seance::stack {

// A stack as the text of its stack.yaml. What has its default is left out. parse_stack() of the result gives
// the same stack but for the lines, if the stack is one that parse_stack() could have given.
std::string print_stack(const Stack& stack);

// The same of two stacks that mean the same in this environment, whatever their comments and other
// environments say.
std::string fingerprint(const Stack& stack, const Environment& environment);

}  // namespace seance::stack
