#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// A deployment that may answer a call, and the model to ask of it.
struct Candidate {
    std::shared_ptr<const Deployment> deployment;
    std::string model;  // litellm_params.model, with what a wildcard stands for filled in
    // Where that is, or why it cannot be called; null if it depends on the name that was asked for.
    std::shared_ptr<const Outcome<Endpoint>> prepared = {};
};

struct Resolution {
    std::string group;
    std::vector<Candidate> candidates;
    bool by_id = false;  // the name is a deployment's id
};

// From requested names to deployments: reference, section 3.
class ModelTable {
  public:
    explicit ModelTable(std::shared_ptr<const Config> config);

    std::optional<Resolution> resolve(std::string_view requested) const;

    // The public name or pattern that a requested name belongs to: few values, fit for a label. "" = none.
    std::string_view label_of(const Resolution& resolution) const;

    // As /v1/models lists them: order of the file, then aliases that are not hidden; patterns only if asked
    // for.
    std::vector<std::string> public_names(bool with_patterns) const;
    // A sentence for each target of a fallback that nothing answers to.
    std::vector<std::string> unknown_fallbacks() const;
    const Config& config() const { return *config_; }

  private:
    using Group = std::vector<std::shared_ptr<const Deployment>>;
    std::optional<Resolution> match_wildcards(std::string_view name) const;
    Candidate candidate(const std::shared_ptr<const Deployment>& deployment) const;

    std::shared_ptr<const Config> config_;
    std::map<std::string, Group, std::less<>> groups_;
    std::map<std::string, std::shared_ptr<const Deployment>, std::less<>> by_id_;
    std::map<const Deployment*, std::shared_ptr<const Outcome<Endpoint>>> endpoints_;
    std::vector<std::string> patterns_;  // most specific first, without "*"
};

}  // namespace seance::litellm
