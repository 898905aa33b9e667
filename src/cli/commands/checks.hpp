#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.hpp"
#include "core/runtime/loop.hpp"
#include "net/http/client.hpp"
#include "platform/stack/stack.hpp"

namespace seance::cli {

// What one check from outside has found.
struct CheckResult {
    std::string service, check;
    bool good = false;
    std::string detail;  // what was seen, a few words
    double ms = 0;
    std::string commit = {};  // of a health answer: that it says it was built from
    bool cloudflare = false;  // of a health answer: it came through Cloudflare
    bool skipped = false;     // it was not run; `detail` says why, and it counts neither way
};

// The stack as a stranger sees it. With an edge, every request goes to it, with the public name in Host.
struct Outside {
    Loop& loop;
    http::Client& client;
    std::string edge_host;  // "": to where each URL points
    std::uint16_t edge_port = 0;
    std::map<std::string, std::string> values;  // what references stand for
    Duration limit{};                           // of each check
    std::string ca_file;                        // "" = the system's certificates
};

std::string_view name_of(const stack::Check& check);  // "deploy and download"

// Runs one declared check of a service, or (without `check`) its health through the edge.
Awaitable<CheckResult> run_check(const Outside& outside, const stack::Service& service,
                                 const stack::Check* check);

boost::json::object to_json(const CheckResult& result);

// All of them as a table or as JSON; kDone, or kCheckFailed if one is not good.
int tell_checks(const Context& context, const std::vector<CheckResult>& results, double ms);

}  // namespace seance::cli
