#pragma once
#include <compare>
#include <string>
#include <utility>

namespace seance::railway {

// Ids of different things do not mix: a call that acts on a service in an environment cannot be given the
// environment's id for the service's, nor be written without it. An empty id is refused before it is sent.
template <class Tag>
class Id {
  public:
    Id() = default;
    explicit Id(std::string text) : text_(std::move(text)) {}

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    auto operator<=>(const Id&) const = default;

  private:
    std::string text_;
};

using WorkspaceId = Id<struct WorkspaceTag>;
using ProjectId = Id<struct ProjectTag>;
using EnvironmentId = Id<struct EnvironmentTag>;
using ServiceId = Id<struct ServiceTag>;
using DeploymentId = Id<struct DeploymentTag>;
using VolumeId = Id<struct VolumeTag>;
using CustomDomainId = Id<struct CustomDomainTag>;
using ServiceDomainId = Id<struct ServiceDomainTag>;

// A service in one environment: what almost every change acts on. All three are needed.
struct Place {
    ProjectId project;
    EnvironmentId environment;
    ServiceId service;
};

}  // namespace seance::railway
