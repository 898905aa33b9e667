#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "platform/exports/wanted.hpp"

namespace seance::exports {

// A text of OpenTofu's JSON syntax, in which ${ and %{ begin a template, that stands for `text` itself.
std::string tofu_literal(std::string_view text);

// A name for a resource or variable: those of services may begin with a digit, which names may not.
std::string tofu_name(std::string_view text);

// Of a secret of one service, and of one of the whole stack. No two secrets share a variable.
std::string tofu_variable(std::string_view service, std::string_view secret);
std::string tofu_variable(std::string_view secret);

// A value as a template over those variables.
std::string tofu_template(const Value& value);

// With line breaks and two spaces a level.
std::string pretty_json(const boost::json::value& value);

}  // namespace seance::exports
