#pragma once
#include <map>
#include <string>
#include <vector>

#include "platform/stack/stack.hpp"

namespace seance::exports {

// What is to be said in another engine's words: an environment out in the world, at one commit.
struct Request {
    const stack::Stack& stack;
    const stack::Environment& environment;
    std::string commit;  // the tag of images that are built from source
    std::map<std::string, std::string>
        images;  // service → reference, in place of what follows from the stack
};

struct Exported {
    std::string text;
    std::vector<std::string> notes;  // sentences: what the engine cannot say, what is left for a person to do
};

}  // namespace seance::exports
