#pragma once
#include "services/litellm/config/config.hpp"
#include "services/litellm/config/node.hpp"

// What would otherwise be found when a model is called, or never: told at load, with its line.
namespace seance::litellm {

// An address that is none or that ends in a route, and a key that cannot be one. Of a litellm_params.
void check_access(const Node& params, Notes& notes);

// Variables of os.environ/… without a value, and what looks like another way to write one. Keys of models and
// the master key are not among them: where they are missed is told with what follows from it.
void check_variables(const Node& root, Notes& notes);

// Models whose own variable has no value and that are called all the same, with another key or with none.
void check_replaced_keys(const Config& config, Notes& notes);

}  // namespace seance::litellm
