#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "platform/stack/stack.hpp"

namespace seance::stack {

// What is wrong, and where: `line` counts from 1.
struct Finding {
    int line = 0;
    std::string what;
};

struct Parsed {
    Stack stack;                    // complete only if there are no problems
    std::vector<Finding> problems;  // all of them, by line
};

// Reads stack.yaml. Strict: unknown and repeated keys, wrong types, needs that nobody satisfies or that go
// round in a circle, two services on one address, references to what is not there.
Parsed parse_stack(std::string_view text);

// "stack.yaml:12: unknown key "prot" (did you mean port?)"
std::string print(const Finding& finding, std::string_view file);

}  // namespace seance::stack
