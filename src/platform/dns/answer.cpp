#include "platform/dns/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace seance::dns {
namespace {

using remote::JsonView;

struct Complaint {
    std::int64_t code = 0;  // 0: none told
    std::string message, pointer;
};

// The first error, with the text of its innermost cause.
Complaint complaint_of(JsonView errors) {
    auto all = errors.items();
    if (all.empty()) return {};
    auto error = all.front();
    Complaint out;
    out.code = error["code"].integer().value_or(0);
    out.pointer = remote::tame(error["source"]["pointer"].text_or(), 100);
    for (auto chain = error["error_chain"].items(); !chain.empty(); chain = error["error_chain"].items())
        error = chain.back();
    out.message = remote::tame(error["message"].text_or());
    return out;
}

// The numbers only choose the words: they are in wide use, and listed nowhere.
std::string_view advice(std::int64_t code) {
    switch (code) {
        case 9109:
        case 10000:
            return "the token is unknown, or lacks a permission for this zone: it needs Zone Read and DNS "
                   "Edit, and Zone "
                   "Settings for the SSL mode";
        case 6003:
        case 6111:
            return "the token is malformed; check that it was copied whole";
        case 7003:
            return "there is no such zone, or the token does not see it";
        case 81044:
            return "the record does not exist any more";
        case 81053:
            return "a record of that name is there already; an A or AAAA has to be deleted in the same batch";
        case 81057:
        case 81058:
            return "an identical record is there already; read it back";
        default:
            return {};
    }
}

FailureKind kind_of(int status, std::int64_t code) {
    if (status == 401 || status == 403) return FailureKind::Auth;
    if (status == 404) return FailureKind::NotFound;
    // An unknown token is answered with 400, and its number is all that tells.
    bool credential = code == 9109 || code == 10000 || code == 6003 || code == 6111;
    if (status == 400 && credential) return FailureKind::Auth;
    if (status >= 400 && status < 500) return FailureKind::User;
    return FailureKind::Api;
}

std::string without_secret(std::string text, const SecretText& token) {
    const auto& secret = token.reveal();
    if (secret.size() < 4) return text;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kHidden.size()))
        text.replace(at, secret.size(), kHidden);
    return text;
}

}  // namespace

Judgement judge(const http::WholeResponse& answer, std::string_view doing, const SecretText& token,
                std::chrono::system_clock::time_point now) {
    Judgement out;
    auto status = answer.status;
    auto parsed = remote::parse_json(answer.body);
    JsonView view = parsed ? JsonView(*parsed) : JsonView();
    if (status == 429) {
        out.again = out.not_executed = true;
        out.wait = remote::retry_after(answer.fields, now);
        out.failure.kind = FailureKind::RateLimited;
        out.failure.what =
            fmt::format("{}: Cloudflare refused it: too many requests{}", doing,
                        out.wait ? fmt::format("; it takes calls again in {}", print_duration(*out.wait))
                                 : "; try again in five minutes");
        return out;
    }
    bool success = status >= 200 && status < 300;
    if (success && view["success"].boolean().value_or(false)) {
        out.envelope = std::move(*parsed);
        return out;
    }
    out.failure.trace_id = remote::tame(answer.fields.get("cf-ray"), 60);
    auto complaint = complaint_of(view["errors"]);
    if (!view.object() || (success && complaint.message.empty())) {
        out.again = status >= 500 || success;
        out.failure.kind = success ? FailureKind::Api : kind_of(status, 0);
        out.failure.what =
            status >= 500
                ? fmt::format("{}: Cloudflare is out of order (status {}); try again later", doing, status)
                : fmt::format(
                      "{}: the answer is not Cloudflare's API (status {}); check "
                      "SEANCE_CLOUDFLARE_URL",
                      doing, status);
        return out;
    }
    out.again = status >= 500 || status == 408;
    out.failure.kind = success ? FailureKind::Api : kind_of(status, complaint.code);
    out.not_executed = status >= 400 && status < 500;
    auto message = complaint.message.empty() ? fmt::format("status {}", status)
                                             : without_secret(complaint.message, token);
    out.failure.what = fmt::format("{}: Cloudflare says: {}", doing, message);
    if (complaint.code != 0) out.failure.what += fmt::format(" [{}]", complaint.code);
    if (!complaint.pointer.empty()) out.failure.what += fmt::format(" at {}", complaint.pointer);
    if (auto hint = advice(complaint.code); !hint.empty()) out.failure.what += fmt::format("; {}", hint);
    return out;
}

std::optional<Zone> parse_zone(JsonView json) {
    Zone out;
    out.id = json["id"].text_or();
    out.name = plain_name(json["name"].text_or());
    if (out.id.empty() || out.name.empty()) return std::nullopt;
    out.status = json["status"].text_or();
    out.paused = json["paused"].boolean().value_or(false);
    out.type = json["type"].text_or();
    for (auto server : json["name_servers"].items())
        if (auto name = server.text()) out.name_servers.push_back(*name);
    return out;
}

std::optional<Record> parse_record(JsonView json) {
    Record out;
    out.id = json["id"].text_or();
    out.name = plain_name(json["name"].text_or());
    out.type_text = json["type"].text_or();
    if (out.id.empty() || out.name.empty() || out.type_text.empty()) return std::nullopt;
    out.type = parse_record_type(out.type_text);
    out.content = plain_content(out.type, json["content"].text_or());
    bool can_be_proxied =
        out.type == RecordType::A || out.type == RecordType::Aaaa || out.type == RecordType::Cname;
    if (can_be_proxied) out.proxied = json["proxied"].boolean().value_or(false);
    out.ttl = static_cast<int>(std::clamp<std::int64_t>(json["ttl"].integer().value_or(1), 0, 604'800));
    out.comment = json["comment"].text_or();
    return out;
}

boost::json::object record_body(const Record& record) {
    boost::json::object out;
    if (!record.id.empty()) out["id"] = record.id;
    out["type"] =
        record.type == RecordType::Other ? std::string_view(record.type_text) : spelling(record.type);
    out["name"] = plain_name(record.name);
    auto content = plain_content(record.type, record.content);
    out["content"] = record.type == RecordType::Txt ? quoted_txt(content) : content;
    out["ttl"] = record.proxied.value_or(false) ? 1 : record.ttl;
    // What a PUT leaves out falls back to its default, and a TXT must not carry it.
    if (record.proxied) out["proxied"] = *record.proxied;
    if (record.type == RecordType::Txt) out.erase("proxied");
    out["comment"] = record.comment;
    return out;
}

}  // namespace seance::dns
