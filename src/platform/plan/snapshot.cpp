#include "platform/plan/snapshot.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <boost/json.hpp>

#include "core/base/hash.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/fingerprint.hpp"
#include "platform/remote/json_view.hpp"

namespace seance::plan {

namespace {

namespace json = boost::json;
using remote::JsonView;

constexpr std::string_view kSchema = "seance.snapshot/1";

json::object print(const Settings& s) {
    return {{"health_path", s.health_path},
            {"health_timeout", s.health_timeout_seconds},
            {"replicas", s.replicas},
            {"region", s.region},
            {"restart", static_cast<int>(s.restart)},
            {"overlap", s.overlap_seconds},
            {"drain", s.drain_seconds},
            {"start_command", s.start_command},
            {"cpu", s.cpu},
            {"memory_mb", s.memory_mb}};
}

Settings read_settings(JsonView view) {
    Settings s;
    const auto number = [&](std::string_view key, int fallback) {
        return static_cast<int>(view[key].integer().value_or(fallback));
    };
    s.health_path = view["health_path"].text_or();
    s.health_timeout_seconds = number("health_timeout", 300);
    s.replicas = number("replicas", 1);
    s.region = view["region"].text_or();
    s.restart = static_cast<stack::Restart>(std::clamp(number("restart", 1), 0, 2));
    s.overlap_seconds = number("overlap", 0);
    s.drain_seconds = number("drain", 0);
    s.start_command = view["start_command"].text_or();
    s.cpu = view["cpu"].number().value_or(0);
    s.memory_mb =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, view["memory_mb"].integer().value_or(0)));
    return s;
}

json::object print(const LiveService& service) {
    json::object variables;
    for (const auto& [name, variable] : service.variables) {
        json::object one{{"fingerprint", variable.fingerprint}};
        if (variable.sealed) one["sealed"] = true;
        if (is_bookkeeping(name) && variable.text) one["text"] = variable.text->reveal();
        variables[name] = std::move(one);
    }
    json::array domains;
    for (const auto& d : service.domains) {
        json::object one{{"id", d.id},
                         {"host", d.host},
                         {"cname", d.cname_target},
                         {"txt_name", d.txt_name},
                         {"txt_value", d.txt_value},
                         {"verified", d.verified}};
        if (d.port) one["port"] = *d.port;
        domains.push_back(std::move(one));
    }
    json::object out{{"id", service.id},
                     {"name", service.name},
                     {"image", service.image},
                     {"settings", print(service.settings)},
                     {"variables", std::move(variables)},
                     {"volume_id", service.volume_id},
                     {"volume", service.volume},
                     {"domains", std::move(domains)}};
    if (const auto& d = service.deployment)
        out["deployment"] = json::object{{"id", d->id},
                                         {"status", d->status},
                                         {"active", d->active},
                                         {"in_progress", d->in_progress},
                                         {"failed", d->failed},
                                         {"image", d->image},
                                         {"revision", d->revision},
                                         {"created_at", d->created_at}};
    return out;
}

LiveService read_service(JsonView view) {
    LiveService service;
    service.id = view["id"].text_or();
    service.name = view["name"].text_or();
    service.image = view["image"].text_or();
    service.settings = read_settings(view["settings"]);
    if (const auto* variables = view["variables"].object())
        for (const auto& entry : *variables) {
            const JsonView one(entry.value());
            LiveVariable variable;
            variable.fingerprint = one["fingerprint"].text_or();
            variable.sealed = one["sealed"].boolean().value_or(false);
            if (auto text = one["text"].text()) variable.text = SecretText(*text);
            service.variables[std::string(entry.key())] = std::move(variable);
        }
    service.volume_id = view["volume_id"].text_or();
    service.volume = view["volume"].text_or();
    for (auto item : view["domains"].items()) {
        LiveDomain domain;
        domain.id = item["id"].text_or();
        domain.host = item["host"].text_or();
        if (auto port = item["port"].integer()) domain.port = static_cast<int>(*port);
        domain.cname_target = item["cname"].text_or();
        domain.txt_name = item["txt_name"].text_or();
        domain.txt_value = item["txt_value"].text_or();
        domain.verified = item["verified"].boolean().value_or(false);
        service.domains.push_back(std::move(domain));
    }
    if (auto d = view["deployment"]; d.present())
        service.deployment = LiveDeployment{d["id"].text_or(),
                                            d["status"].text_or(),
                                            d["active"].boolean().value_or(false),
                                            d["in_progress"].boolean().value_or(false),
                                            d["failed"].boolean().value_or(false),
                                            d["image"].text_or(),
                                            d["revision"].text_or(),
                                            d["created_at"].text_or()};
    return service;
}

json::object print(const dns::Record& r, const std::string& zone) {
    json::object one{{"id", r.id},
                     {"type", dns::spelling(r.type)},
                     {"type_text", r.type_text},
                     {"name", r.name},
                     {"content", r.content},
                     {"ttl", r.ttl},
                     {"comment", r.comment},
                     {"zone", zone}};
    if (r.proxied) one["proxied"] = *r.proxied;
    return one;
}

dns::Record read_record(JsonView view) {
    dns::Record record;
    record.id = view["id"].text_or();
    record.type = dns::parse_record_type(view["type"].text_or());
    record.type_text = view["type_text"].text_or();
    record.name = view["name"].text_or();
    record.content = view["content"].text_or();
    record.proxied = view["proxied"].boolean();
    record.ttl = static_cast<int>(view["ttl"].integer().value_or(1));
    record.comment = view["comment"].text_or();
    return record;
}

SecretText random_key() {
    std::string bytes(32, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("the system gave no random bytes");
    return SecretText(hex(bytes));
}

}  // namespace

void change_fingerprint_key(Live& live, SecretText key) {
    live.fingerprint_key = std::move(key);
    for (auto& service : live.services)
        for (auto& [name, variable] : service.variables)
            variable.fingerprint =
                variable.text ? fingerprint(live.fingerprint_key, service.name, name, variable.text->reveal())
                              : "";
}

json::object to_json(const Live& given) {
    auto live = given;
    change_fingerprint_key(live, random_key());
    json::array services, records, others;
    for (const auto& service : live.services) services.push_back(print(service));
    for (const auto& record : live.records) {
        const auto zone = live.record_zones.find(record.id);
        records.push_back(print(record, zone == live.record_zones.end() ? std::string{} : zone->second));
    }
    for (const auto& other : live.other_services) others.emplace_back(other);
    json::object zones;
    for (const auto& [host, zone] : live.zones)
        zones[host] =
            json::object{{"id", zone.id}, {"name", zone.name}, {"ssl", zone.ssl}, {"problem", zone.problem}};
    json::object out{{"schema", kSchema},
                     {"project_id", live.project_id},
                     {"environment_id", live.environment_id},
                     {"fingerprint_key", live.fingerprint_key.reveal()},
                     {"services", std::move(services)},
                     {"other_services", std::move(others)},
                     {"zones", std::move(zones)},
                     {"records", std::move(records)}};
    if (live.staged_changes) out["staged_changes"] = *live.staged_changes;
    if (live.bucket) {
        json::array cors;
        for (const auto& origin : live.bucket->cors_origins) cors.emplace_back(origin);
        out["bucket"] = json::object{{"exists", live.bucket->exists}, {"cors", std::move(cors)}};
    }
    return out;
}

Outcome<Live> parse_snapshot(std::string_view text) {
    const auto value = remote::parse_json(text);
    if (!value) return Problem{"it is no JSON"};
    const JsonView root(*value);
    if (root["schema"].text_or() != kSchema)
        return Problem{fmt::format(
            "it is no snapshot of the form {}: make one with seance -e ENV plan --snapshot FILE", kSchema)};
    Live live;
    live.project_id = root["project_id"].text_or();
    live.environment_id = root["environment_id"].text_or();
    live.fingerprint_key = SecretText(root["fingerprint_key"].text_or());
    for (auto item : root["services"].items()) live.services.push_back(read_service(item));
    for (auto item : root["other_services"].items()) live.other_services.push_back(item.text_or());
    if (const auto* zones = root["zones"].object())
        for (const auto& entry : *zones) {
            const JsonView zone(entry.value());
            live.zones[std::string(entry.key())] = {zone["id"].text_or(), zone["name"].text_or(),
                                                    zone["ssl"].text_or(), zone["problem"].text_or()};
        }
    for (auto item : root["records"].items()) {
        live.records.push_back(read_record(item));
        live.record_zones[live.records.back().id] = item["zone"].text_or();
    }
    if (auto staged = root["staged_changes"].integer()) live.staged_changes = static_cast<int>(*staged);
    if (auto bucket = root["bucket"]; bucket.present()) {
        live.bucket = LiveBucket{bucket["exists"].boolean().value_or(false), {}};
        for (auto origin : bucket["cors"].items()) live.bucket->cors_origins.push_back(origin.text_or());
    }
    return live;
}

}  // namespace seance::plan
