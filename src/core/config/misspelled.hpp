#pragma once
#include <string>
#include <vector>

#include "core/config/reader.hpp"

namespace seance::config {

struct Misspelled {
    std::string name, meant;
};

// Variables that nobody reads and that look like a setting of this program with a typing error, each with the
// setting that was probably meant: at most two letters from one of eight or more that is not set. What is a
// setting of another service is none.
std::vector<Misspelled> find_misspelled(const Sources& sources, const std::vector<Declared>& declared);

}  // namespace seance::config
