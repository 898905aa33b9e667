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
// setting of another service is none, unless it is that service's word, or another program's, for one of ours
// that is not set: HOST for ADDRESS.
std::vector<Misspelled> find_misspelled(const Sources& sources, const std::vector<Declared>& declared);

}  // namespace seance::config
