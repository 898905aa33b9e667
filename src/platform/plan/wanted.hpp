#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "platform/stack/stack.hpp"

namespace seance::plan {

// A variable of a service. Without `text` its value is not known: the secrets file is locked.
struct Value {
    std::optional<SecretText> text;
    bool secret = false;       // never printed
    bool from_secret = false;  // a secret, or made of one: the hash of a key
};
using Values = std::map<std::string, Value>;

// How a platform runs a service. Each has a default of ours, so all of them are compared.
struct Settings {
    std::string health_path;  // "": none, and so no deployment without interruption
    int health_timeout_seconds = 300;
    int replicas = 1;
    std::string region;  // "": not declared, not compared
    stack::Restart restart = stack::Restart::OnFailure;
    int overlap_seconds = 20, drain_seconds = 30;
    std::string start_command;  // "": the image's
    double cpu = 0;             // cores; 0: not declared, not compared
    std::uint64_t memory_mb = 0;
};

struct WantedDomain {
    std::string host;
    std::uint16_t port = 0;
};

struct WantedService {
    std::string name;
    std::string image;    // name:tag@sha256:…; "" if it is not known yet, and then not compared
    std::string content;  // what the image is made of, its commit aside; "" if not known
    std::string commit;   // that it was built from; "" of images that are not ours
    Settings settings;
    Values variables;                // without those that seance keeps for itself (bookkeeping.hpp)
    std::vector<std::string> lacks;  // secrets that it declares, and the secrets file does not have
    std::string volume;              // where it is mounted; "" has none
    std::vector<WantedDomain> domains;
    std::vector<std::string> needs;
};

// What stack.yaml asks of an environment out in the world.
struct Wanted {
    std::string project, environment, workspace;
    std::string commit;  // "": what runs stays
    bool dns = false;    // records are ours to write
    std::optional<stack::Spaces> spaces;
    std::vector<WantedService> services;  // each after those it needs

    const WantedService* service(std::string_view name) const;
};

struct Image {
    std::string reference;  // with its digest
    std::string content;    // as in WantedService
    std::string commit;
};

// What stack.yaml does not hold.
struct Ingredients {
    std::string commit;                   // short; "" if nothing new is to run
    std::map<std::string, Image> images;  // by service
    // Secrets by group (a service's name, or "seance"); a name of the flat form is in every group that
    // declares it. Nothing: the file is locked, and only names are known.
    std::optional<std::map<std::string, std::map<std::string, SecretText>>> secrets;
    // Group → names: from the file, locked or not.
    std::map<std::string, std::vector<std::string>> secret_names;
    std::map<std::string, std::string>
        overrides;  // of outside_values(): where a rehearsal has moved the world
};

// The name of a service in the private network.
std::string private_host(std::string_view service);

// What references stand for in the texts of this environment, but `port`, `admin_port` and `volume`, which
// are of one service. Secrets (secret.NAME, secret_sha256.NAME) are among them if they are known.
std::map<std::string, std::string> outside_values(const stack::Stack& stack,
                                                  const stack::Environment& environment,
                                                  const Ingredients& ingredients);

// A Problem with one line for each thing that cannot be filled in: required secrets that are missing, values
// without meaning here.
Outcome<Wanted> make_wanted(const stack::Stack& stack, const stack::Environment& environment,
                            const Ingredients& ingredients);

}  // namespace seance::plan
