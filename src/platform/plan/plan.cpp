#include "platform/plan/plan.hpp"

#include <algorithm>

namespace seance::plan {

std::string_view name(Kind kind) {
    switch (kind) {
        case Kind::Project:
            return "project";
        case Kind::Environment:
            return "environment";
        case Kind::Service:
            return "service";
        case Kind::Volume:
            return "volume";
        case Kind::Bucket:
            return "bucket";
        case Kind::BucketCors:
            return "cors";
        case Kind::Image:
            return "image";
        case Kind::Setting:
            return "setting";
        case Kind::Variable:
            return "variable";
        case Kind::Domain:
            return "domain";
        case Kind::DnsRecord:
            return "dns";
        case Kind::Deployment:
            return "deployment";
    }
    return "";
}

std::string_view name(Action action) {
    switch (action) {
        case Action::Create:
            return "create";
        case Action::Update:
            return "update";
        case Action::Delete:
            return "delete";
    }
    return "";
}

std::string Change::id() const {
    std::string id = service.empty() ? std::string("environment") : service;
    id.append("/").append(name(kind));
    if (!item.empty()) id.append("/").append(item);
    return id;
}

std::size_t Plan::count(Action action) const {
    return static_cast<std::size_t>(std::count_if(changes.begin(), changes.end(), [&](const Change& change) {
        return change.action == action && change.kind != Kind::Deployment;
    }));
}

std::size_t Plan::deployments() const {
    return static_cast<std::size_t>(std::count_if(changes.begin(), changes.end(), [](const Change& change) {
        return change.kind == Kind::Deployment;
    }));
}

bool Plan::destroys() const {
    return std::any_of(changes.begin(), changes.end(),
                       [](const Change& change) { return change.impact == Impact::Destroys; });
}

const Change* Plan::find(std::string_view id) const {
    const auto found =
        std::find_if(changes.begin(), changes.end(), [&](const Change& change) { return change.id() == id; });
    return found == changes.end() ? nullptr : &*found;
}

const LiveService* Live::service(std::string_view wanted) const {
    const auto found = std::find_if(services.begin(), services.end(),
                                    [&](const LiveService& one) { return one.name == wanted; });
    return found == services.end() ? nullptr : &*found;
}

ReleaseMark Live::release() const {
    const LiveDeployment* newest = nullptr;
    for (const auto& one : services)
        if (one.running && !one.running->release.empty() &&
            (!newest || one.running->created_at > newest->created_at))
            newest = &*one.running;
    return newest ? ReleaseMark::parse(newest->release) : ReleaseMark{};
}

std::string LiveService::variable(const std::string& wanted) const {
    const auto found = variables.find(wanted);
    return found == variables.end() || !found->second.text ? std::string{} : found->second.text->reveal();
}

}  // namespace seance::plan
