#pragma once
#include <map>
#include <string>

#include "platform/releases/history.hpp"
#include "platform/targets/railway/configure.hpp"

namespace seance::railway {

// Where a rollback leads.
struct Return {
    std::string commit;                              // of the release
    int number = 0;                                  // 0: it has none
    std::map<std::string, releases::Running> state;  // the services that go back, as they were
    // Service → the variables that come back with it; those that it has today where it is absent.
    std::map<std::string, Variables> variables;
};

// Of a release, what `live` runs differently (or of `only_service` alone). `deployments`: also where the
// image is the same and only the deployment is another.
Return make_return(const plan::Live& live, const releases::Release& release, const releases::Release& current,
                   const std::string& only_service, releases::Compare compare);

// What is live, with the images of `back` in it: a wish that needs neither stack.yaml's settings nor secrets.
// Volumes, domains and DNS are as they are. `wanted` keeps its project and environment.
void wish_for(const Return& back, const plan::Live& live, plan::Wanted& wanted);

}  // namespace seance::railway
