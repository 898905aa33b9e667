#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "net/http/client.hpp"
#include "platform/images/failure.hpp"

namespace seance::images {

// One entry of a registry's {"errors":[{"code","message"}]}.
struct RegistryError {
    std::string code;     // "DENIED"; "" if the body is no such document
    std::string message;  // one line, for people
};

std::vector<RegistryError> parse_registry_errors(std::string_view body);

bool has_code(const http::WholeResponse& answer, std::string_view code);

// What an answer that is no success means to the user. `doing` begins the sentence: "pushing
// docker.io/a/b:1". `who` is "user \"x\" (from ~/.docker/config.json)" or "nobody is signed in".
Failure explain(const http::WholeResponse& answer, std::string_view doing, std::string_view host,
                std::string_view who);

// Worth another try after a pause: the same request may be answered well.
bool is_passing(int status);

}  // namespace seance::images
