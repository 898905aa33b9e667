#pragma once
#include <optional>
#include <string>

#include "platform/stack/stack.hpp"

namespace seance::cli {

struct Unshippable {
    std::string finding, fix;
};

// Why an image of this program alone would not run the service, and what to write instead: the native builder
// takes compiled programs with their libraries, so neither scripts nor an interpreter without its modules.
// Nothing for a program that can be shipped, or that is not there (yet).
std::optional<Unshippable> unshippable(const stack::Stack& stack, const stack::Service& service,
                                       const std::string& program);

}  // namespace seance::cli
