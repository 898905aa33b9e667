#pragma once
#include <boost/json/object.hpp>
#include <string>

#include "platform/exports/wanted.hpp"

namespace seance::exports {

// The Secret that a service's variables are taken from: its name alone is known here.
std::string secrets_name(const Unit& unit);

// The spec of a service's pods: one container without rights, its volume and a /tmp.
boost::json::object pod_of(const Request& request, const Unit& unit);

}  // namespace seance::exports
