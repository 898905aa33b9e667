#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>

namespace seance::litellm {

// What is wrong with `value` by `schema`, a JSON Schema as requests for structured answers hold them (draft 7
// and 2020-12): the first finding with its place, such as "$.age must be of type integer"; nothing if it
// fits. Understood are types, enum, const, the members of objects, the elements of arrays, limits, the
// combining words, if/then/else, patterns (see EcmaPattern) and references within the schema by their path.
// Not looked at are `format`, which asks for nothing by itself, unevaluatedItems and -Properties, $dynamicRef
// and references by $anchor or $id. A schema that takes too many steps or nests too deeply is a finding too.
std::optional<std::string> schema_problem(const boost::json::value& schema, const boost::json::value& value);

}  // namespace seance::litellm
