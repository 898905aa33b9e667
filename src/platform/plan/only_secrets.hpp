#pragma once
#include <string>
#include <vector>

#include "platform/plan/live.hpp"
#include "platform/plan/wanted.hpp"

namespace seance::plan {

// Which secrets what runs (or ran last) was started with: service → name → value. A service that is absent:
// not known.
using StartedWith = std::map<std::string, std::map<std::string, std::string>>;

struct OnlySecrets {
    Wanted wanted;
    std::vector<std::string> absent;  // services that are declared with secrets and not live
};

// The wish that nothing but secrets, and what is made of them, becomes as `wanted` says: images, settings and
// all other variables stay as they are live, whatever stack.yaml says of them by now. A secret that
// `wanted` no longer has and that was ours goes. Names and records are left out. Where only secrets differ,
// the revision is that of `wanted`, so that a plan finds nothing to do afterwards.
//
// `declared`: service → all names that may be secrets of it. `started`: for deploying at once. Then only
// services of which what runs has other secrets are left in it, each with the image that it runs, be
// another one configured or have failed since.
OnlySecrets only_secrets(Wanted wanted, const Live& live,
                         const std::map<std::string, std::vector<std::string>>& declared,
                         const StartedWith* started = nullptr);

}  // namespace seance::plan
