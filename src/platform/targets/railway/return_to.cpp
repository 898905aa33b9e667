#include "platform/targets/railway/return_to.hpp"

#include "platform/plan/bookkeeping.hpp"

namespace seance::railway {

namespace {

// A text that Railway fills in: what a deployment was started with holds its value of that day, so today's
// stays.
bool is_reference(const plan::LiveVariable& variable) {
    return variable.text && variable.text->reveal().find("${{") != std::string::npos;
}

void take_variables(plan::WantedService& service, const plan::LiveService& live, const Variables& old) {
    plan::Values values;
    for (const auto& [name, value] : service.variables) {
        const auto now = live.variables.find(name);
        if (now != live.variables.end() && (now->second.sealed || is_reference(now->second)))
            values[name] = value;
    }
    for (const auto& [name, text] : old)
        if (!values.contains(name)) values[name] = {text, true};
    service.variables = std::move(values);
}

}  // namespace

Return make_return(const plan::Live& live, const releases::Release& release, const releases::Release& current,
                   const std::string& only_service, releases::Compare compare) {
    Return back;
    back.commit = release.commit;
    back.number = release.number;
    for (const auto& [service, then] : release.state) {
        if (!only_service.empty() && service != only_service) continue;
        const auto* now = live.service(service);
        if (!now || then.image.empty()) continue;
        const auto ran = current.state.find(service);
        const bool other_deployment = ran == current.state.end() || ran->second.deployment != then.deployment;
        const bool runs_other = ran == current.state.end() || ran->second.image != then.image;
        if (now->image != then.image || runs_other ||
            (compare == releases::Compare::Deployments && other_deployment))
            back.state[service] = then;
    }
    return back;
}

void wish_for(const Return& back, const plan::Live& live, plan::Wanted& wanted) {
    wanted.commit = back.commit;
    wanted.dns = false;
    wanted.spaces.reset();
    wanted.services.clear();
    for (const auto& [name, then] : back.state) {
        const auto* now = live.service(name);
        if (!now) continue;
        auto service = as_wanted(*now);
        service.image = then.image;
        service.commit = then.commit;
        service.content = then.content;
        if (const auto old = back.variables.find(name); old != back.variables.end())
            take_variables(service, *now, old->second);
        wanted.services.push_back(std::move(service));
    }
}

}  // namespace seance::railway
