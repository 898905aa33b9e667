#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "platform/exports/exported.hpp"

namespace seance::exports {

// A piece of a variable's value. Of a secret the name is known here, never what it is.
struct Piece {
    enum Kind { Text, Secret, SecretHash } kind = Text;
    std::string text;  // or the secret's name; SecretHash stands for the hex SHA-256 of it
};
using Value = std::vector<Piece>;

bool has_secret(const Value& value);
std::string text_of(const Value& value);  // of one without a secret

// A variable that a service gets from the engine's own store of secrets.
struct SecretVariable {
    std::string name;
    bool required = false;
    std::string made_of;  // "${secret_sha256.builder_key}": what stack.yaml says it holds; "" if just itself
};

// One service, with everything filled in that follows from the stack.
struct Unit {
    const stack::Service* service = nullptr;
    std::string image;
    std::map<std::string, Value> variables;  // PORT among them
    std::vector<std::string> secrets;        // names of variables, but for those in `variables`
    std::vector<std::string> clients;        // services that reach it from inside, by name
    std::vector<std::string> start;          // in place of the image's own; empty: that one
    std::string host;                        // under which the public reaches it; "" is internal
};

struct Wanted {
    std::vector<Unit> units;  // each after those it needs
    std::vector<std::string> cors_origins;
};

// `host_of` gives the name under which a service is found from inside.
using HostOf = std::function<std::string(std::string_view service)>;
Outcome<Wanted> fill_in(const Request& request, const HostOf& host_of);

// For engines that cannot compute: variables with a secret in them come whole from the store, by their name.
std::vector<SecretVariable> secret_variables(const Request& request, const Unit& unit);

// docker.io/shop/shop-api:1a2b3c4
std::string image_of(const Request& request, const stack::Service& service);

// "files of X" of a ready-made image are not in it: a note for engines that cannot mount them from here.
void note_files(const Unit& unit, std::vector<std::string>& notes);

std::uint64_t whole_seconds(Duration duration);  // rounded up

}  // namespace seance::exports
