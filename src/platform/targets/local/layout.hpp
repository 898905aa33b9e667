#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "platform/process/supervisor.hpp"
#include "platform/stack/stack.hpp"
#include "platform/targets/local/state_folder.hpp"

namespace seance::local {

// A stack laid out on this machine: programs found, ports chosen, values filled in.
struct Layout {
    std::string project, environment, domain;
    std::string fingerprint;  // of the stack.yaml that it was made of
    std::string root;
    std::uint16_t edge_port = 8080;
    std::vector<process::ServiceSpec> services;       // in start order
    std::map<std::string, std::string> hosts;         // service → public host name
    std::map<std::string, std::string> static_files;  // host name → folder
    std::map<std::string, std::uint16_t> sinks;       // name → port
    Ports ports;                                      // that were chosen, to be had again next time
};

struct LayoutOptions {
    std::string root;  // the folder of stack.yaml
    std::uint16_t edge_port = 8080;
    std::map<std::string, std::string> secrets;    // generated ones, by name
    std::map<std::string, std::string> inherited;  // where `secrets` of services, PATH, HOME and TZ come from
    Ports ports = {};                              // of the last time: taken again where they are free
};

// "http://backend.seance.localhost:8080"
std::string public_url(std::string_view host, std::uint16_t edge_port);

// What references in a service's texts stand for when the edge alone is known: everything but ports and
// folders of services. For `verify`, which looks from outside.
std::map<std::string, std::string> outside_values(const stack::Stack& stack,
                                                  const stack::Environment& environment,
                                                  const LayoutOptions& options);

// Every problem at once: ports that are taken, values that cannot be filled in. A program that is not there
// is the problem of its service alone.
Outcome<Layout> lay_out(const stack::Stack& stack, const stack::Environment& environment,
                        const LayoutOptions& options);

}  // namespace seance::local
