#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/plan/live.hpp"
#include "platform/stack/stack.hpp"

namespace seance::plan {

struct ImportOptions {
    std::string project;                    // as the platform calls it
    std::string environment;                // a name that stack.yaml can hold
    std::set<std::string> from_repository;  // services that the platform builds itself: left out
    bool dns = false;                       // records at Cloudflare are ours
    // Region and limits, too. An environment of ours may have been deployed without declaring them.
    bool all_settings = true;
    std::string secrets_file;  // "": none is named unless the environment was ours
};

struct Imported {
    stack::Stack stack;
    std::map<std::string, std::vector<std::string>> secrets;  // by service: names alone
    std::vector<std::string> notes;                           // what stack.yaml cannot hold, as sentences
    bool was_ours = false;
};

// A stack.yaml of what is live: the plan of it is empty as far as a stack.yaml can say it all. Values that
// look secret are left out; their names are among the secrets of their service. Pure.
Imported import_stack(const Live& live, const ImportOptions& options);

// By its name, or because the value is a URL with a password in it, a private key, or as random as a key.
// Rather one too many than one too few: what is taken for a secret is only left out of the file.
bool looks_secret(std::string_view name, std::string_view value);

// The domain under which most of the hosts are one label at most.
std::string common_domain(const std::vector<std::string>& hosts);

// "My Shop" → "my-shop"; "" if nothing is left.
std::string name_from(std::string_view text);

}  // namespace seance::plan
