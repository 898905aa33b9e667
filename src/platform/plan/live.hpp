#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "platform/dns/record.hpp"
#include "platform/plan/release_log.hpp"
#include "platform/plan/wanted.hpp"

namespace seance::plan {

// Compared by fingerprint alone, so that a snapshot holds no secret.
struct LiveVariable {
    std::string fingerprint;         // under Live::fingerprint_key; "" of a sealed one
    std::optional<SecretText> text;  // not from a snapshot, unless it is no secret
    bool sealed = false;             // the platform tells its value to nobody
};

struct LiveDomain {
    std::string id, host;
    std::optional<int> port;
    // Its two records, with complete names; an empty name if the platform asks for none.
    std::string cname_target, txt_name, txt_value;
    bool verified = false;
    std::string problem;  // what a person should know and do; "" when all is well
};

struct LiveDeployment {
    std::string id;
    std::string status;  // as the platform spells it
    bool active = false, in_progress = false, failed = false;
    std::string image;     // that it runs
    std::string revision;  // SEANCE_REVISION that it was started with; "" if not known
    std::string created_at;
    // SEANCE_RELEASE, _COMMIT and _CONTENT that it was started with; a snapshot does not have them.
    std::string release = {}, commit = {}, content = {};
};

struct LiveService {
    std::string id, name;
    std::string image;  // configured, not necessarily running
    Settings settings;
    std::map<std::string, LiveVariable> variables;
    std::string volume_id, volume;  // where it is mounted; "" has none
    std::vector<LiveDomain> domains;
    std::optional<LiveDeployment> deployment;  // the latest
    std::optional<LiveDeployment> running;     // the newest that serves; not from a snapshot

    std::string variable(const std::string& name) const;  // its text; "" if absent or not known
};

struct LiveZone {
    std::string id, name;
    std::string ssl;      // "full", "flexible", …; "" if not known
    std::string problem;  // why nothing can be written there, as a sentence
};

struct LiveBucket {
    bool exists = false;
    std::vector<std::string> cors_origins;  // that may GET and HEAD
};

// What is really there, as far as it is compared. An empty id: not there yet.
struct Live {
    std::string project_id, environment_id;
    SecretText fingerprint_key;  // empty: the environment has none yet
    std::vector<LiveService> services;
    std::vector<std::string> other_services;          // of the project, not in this environment
    std::optional<int> staged_changes;                // by a person in the dashboard
    std::map<std::string, LiveZone> zones;            // by wanted host
    std::vector<dns::Record> records;                 // of wanted names, and ours by their comment
    std::map<std::string, std::string> record_zones;  // record id → zone id
    std::optional<LiveBucket> bucket;                 // nothing: not looked at

    const LiveService* service(std::string_view name) const;
    ReleaseMark release() const;  // of the newest deployment of ours that serves: what the environment runs
};

}  // namespace seance::plan
