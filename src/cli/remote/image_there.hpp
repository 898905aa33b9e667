#pragma once
#include <string>
#include <vector>

#include "cli/remote/reach.hpp"

namespace seance::cli {

// Images that are gone from their registries, and what could not be found out, as sentences.
struct ImagesThere {
    std::vector<std::string> gone, notes;
};

// Asks registries with the credentials of `docker login`, all at once. One that cannot be asked from here
// says nothing about an image: Railway may reach it, or have it still.
ImagesThere look_for_images(Reach& reach, const std::vector<std::string>& images);

}  // namespace seance::cli
