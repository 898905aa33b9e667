#pragma once
#include <boost/json/object.hpp>
#include <string_view>

#include "core/base/result.hpp"
#include "platform/plan/live.hpp"

namespace seance::plan {

// What was live at a moment, for plans without credentials (seance.snapshot/1). Variables are kept by their
// fingerprints under a key of the snapshot's own; only the names in seance's bookkeeping keep their texts.
boost::json::object to_json(const Live& live);
Outcome<Live> parse_snapshot(std::string_view text);

// The same with every variable's fingerprint under another key; those without text lose theirs.
void change_fingerprint_key(Live& live, SecretText key);

}  // namespace seance::plan
