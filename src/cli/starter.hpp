#pragma once
#include <string>

namespace seance::cli {

// A stack.yaml to begin with, commented: one service that runs as it stands, here and out in the world.
std::string starter_stack(const std::string& name, const std::string& domain);

// The page that its service shows.
std::string starter_page(const std::string& name);

}  // namespace seance::cli
