#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "platform/stack/stack.hpp"

namespace seance::stack {

// A value may name what is known only when the stack runs: ${services.valkey.port}. "$${" stands for "${".
//
//   environment domain prefix commit         of the environment, and the commit that runs
//   port admin_port volume                   of the service itself (volume only if it has one)
//   services.NAME.host services.NAME.port    where another service is reached from inside
//   url.NAME                                 the public URL of a service, without a final slash
//   root state_dir                           local: the folder of stack.yaml, and .seance in it
//   url.SUBDOMAIN                            local: of a folder under `static`
//   sinks.NAME.host sinks.NAME.port          local: an HTTP server that accepts everything
//   secret.NAME secret_sha256.NAME           a secret named in `generate`, and the hex hash of it; out in the
//                                            world, one of the group `seance` of the secrets file
//   spaces.bucket .region .endpoint .cdn     of an environment with `spaces`
std::set<std::string> reference_names(const Stack& stack, const Environment& environment,
                                      const Service& service);

// A text in pieces: what stands there as it is, and the names of references.
struct Part {
    bool is_reference = false;
    std::string text;
};
Outcome<std::vector<Part>> parts_of(std::string_view text);

// The names that a text refers to, in order; a Problem for a "${" without its "}".
Outcome<std::vector<std::string>> references_in(std::string_view text);

// The text with its references replaced; a Problem that names the first one without a value.
Outcome<std::string> expand(std::string_view text, const std::map<std::string, std::string>& values);

}  // namespace seance::stack
