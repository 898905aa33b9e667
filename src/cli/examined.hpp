#pragma once
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace seance::cli {

enum class Mark { Ok, Warn, Fail };

// One thing that doctor has looked at, and what to do about it.
struct Examined {
    std::string what;
    Mark mark = Mark::Ok;
    std::string finding, fix;
};

// Programs of this machine that services need; `only_built`: not those that others' images bring.
void examine_programs(const Manifest& manifest, bool only_built, std::vector<Examined>& out);

// As a table with its fixes below, or as seance.doctor/1; kDone, or kCheckFailed if one failed.
int tell_examined(const Context& context, const std::vector<Examined>& all);

}  // namespace seance::cli
