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
};

struct Resolution {
    std::string group;
    std::vector<Candidate> candidates;
};

// From requested names to deployments: reference, section 3.
class ModelTable {
  public:
    explicit ModelTable(std::shared_ptr<const Config> config);

    std::optional<Resolution> resolve(std::string_view requested) const;

    // As /v1/models lists them: order of the file, then aliases that are not hidden; patterns only if asked
    // for.
    std::vector<std::string> public_names(bool with_patterns) const;
    const Config& config() const { return *config_; }

  private:
    using Group = std::vector<std::shared_ptr<const Deployment>>;
    std::optional<Resolution> match_wildcards(std::string_view name) const;

    std::shared_ptr<const Config> config_;
    std::map<std::string, Group, std::less<>> groups_;
    std::map<std::string, std::shared_ptr<const Deployment>, std::less<>> by_id_;
    std::vector<std::string> patterns_;  // most specific first, without "*"
};

// simple-shuffle (reference, section 5): the lowest order among the candidates, then random by weight, rpm or
// tpm. `random` is in [0, 1). Gives an index; candidates must not be empty.
std::size_t shuffle(const std::vector<Candidate>& candidates, double random);

}  // namespace seance::litellm
