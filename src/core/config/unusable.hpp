#pragma once
#include <stdexcept>

namespace seance::config {

// A setting that reads well and turns out at start to be of no use, such as a folder that nobody may write
// to. Its sentence names the setting; the program ends with 65, as for those that do not read.
struct Unusable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace seance::config
