#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/litellm/config/node.hpp"
#include "services/litellm/domain/deployment.hpp"

namespace seance::litellm {

using Credentials = std::map<std::string, Node>;  // credential_values by name

// model_list as deployments. What cannot be used (no litellm_params.model) is skipped with an error note.
// `places`: where the model of each is written, such as "config.yaml:12: ".
std::vector<std::shared_ptr<const Deployment>> read_deployments(const Node& list, const Node* defaults,
                                                                const Credentials& credentials, Notes& notes,
                                                                std::vector<std::string>* places = nullptr);

// True if the provider depends on the requested name (`*` → `*`).
bool is_open_ended(const Deployment& deployment);

}  // namespace seance::litellm
