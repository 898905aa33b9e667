#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "platform/plan/live.hpp"
#include "platform/plan/wanted.hpp"

namespace seance::plan {

enum class Action { Create, Update, Delete };

// In the order in which they are carried out.
enum class Kind {
    Project,
    Environment,
    Service,
    Volume,
    Bucket,
    BucketCors,
    Image,
    Setting,
    Variable,
    Domain,
    DnsRecord,
    Deployment,
};
std::string_view name(Kind kind);      // "service", "dns", …: stable
std::string_view name(Action action);  // "create", "update", "delete"

enum class Impact { None, Interrupts, Destroys };

struct Change {
    Action action = Action::Update;
    Kind kind = Kind::Setting;
    std::string service;  // "": of the environment
    std::string item;     // name of the variable, setting, domain, record …; "" if the kind says it all
    std::string before, after;  // secrets as «hidden»
    Impact impact = Impact::None;
    std::string reason;  // why it interrupts or destroys, or why it must be
    // Of DnsRecord, once it is known: what is written (with the id of what it replaces), or deleted.
    std::optional<dns::Record> record = {};
    std::string zone_id = {};

    std::string id() const;  // "backend/variable/PORT"
};

// Something live that we have not declared: told, and left alone unless pruned.
struct Unmanaged {
    Kind kind = Kind::Variable;
    std::string service, item;
};

struct Plan {
    std::string project, environment, commit;
    std::vector<Change> changes;
    std::vector<Unmanaged> unmanaged;
    std::vector<std::string> unchanged;  // services
    std::vector<std::string> conflicts;  // sentences: nothing is applied while there are any
    std::vector<std::string> notes;      // what could not be compared, and what a person should know

    bool empty() const { return changes.empty(); }
    std::size_t count(Action action) const;  // deployments aside
    std::size_t deployments() const;
    bool destroys() const;
    const Change* find(std::string_view id) const;
};

struct DiffOptions {
    bool prune = false;        // what we have not declared goes
    std::string only_service;  // "": all of them
};

// What has to happen so that `live` becomes `wanted`. Compares only what is declared.
Plan diff(const Wanted& wanted, const Live& live, const DiffOptions& options = {});

}  // namespace seance::plan
