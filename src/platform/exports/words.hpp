#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace seance::exports {

// A command line as a list of words, for engines that start a program without a shell: split at spaces, with
// the quotes and backslashes of sh taken away. One that wants more of a shell than that (variables, pipes,
// patterns) or whose quotes are not closed becomes /bin/sh -c and the text.
std::vector<std::string> command_words(std::string_view text);

}  // namespace seance::exports
