#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"
#include "net/http/client.hpp"
#include "platform/dns/cloudflare.hpp"
#include "platform/remote/json_view.hpp"

// What Cloudflare's answers mean. No I/O; nothing throws, whatever the answer is.
namespace seance::dns {

struct Judgement {
    std::optional<boost::json::value>
        envelope;  // of a success; its `result` and `result_info` are there to be read
    Failure failure;
    bool again = false;         // may work later
    bool not_executed = false;  // refused before anything was done
    std::optional<Duration> wait;
};

// `doing` is what a person calls the call ("reading the records of seance.dev").
Judgement judge(const http::WholeResponse& answer, std::string_view doing, const SecretText& token,
                std::chrono::system_clock::time_point now);

std::optional<Zone> parse_zone(remote::JsonView json);
std::optional<Record> parse_record(remote::JsonView json);
boost::json::object record_body(const Record& record);  // all fields; with the id if it has one

}  // namespace seance::dns
