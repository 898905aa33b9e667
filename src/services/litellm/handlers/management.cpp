#include "services/litellm/handlers/management.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <mutex>
#include <set>

#include "core/base/text.hpp"
#include "core/observe/log.hpp"
#include "services/litellm/domain/json_print.hpp"
#include "services/litellm/domain/unknown_fields.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kMostBody = 1 << 20;
// Names that clients made up; what comes after them is not told.
constexpr std::size_t kMostNamesTold = 200, kMostOfName = 64;

}  // namespace

std::optional<std::string> Management::query(std::string_view name) const {
    auto value = http::query_value(exchange.head().query(), name);
    if (value && value->empty()) return std::nullopt;
    return value;
}

std::optional<std::size_t> Management::count(std::string_view name, std::size_t otherwise,
                                             std::size_t most) const {
    auto number = query_count(exchange.head().query(), name, otherwise, most);
    if (number) return *number;
    refuse(number.error());
    return std::nullopt;
}

std::optional<Page> Management::page(std::string_view size_name, std::size_t usual_size) const {
    auto page = parse_page(exchange.head().query(), size_name, usual_size);
    if (page) return *page;
    refuse(page.error());
    return std::nullopt;
}

void Management::reply(const boost::json::value& value) const {
    reply_json(exchange, 200, print_json(value));
}

void Management::refuse(const ApiError& error) const {
    reply_error(exchange, error);
}

void Management::away() const {
    ApiError error{.status = 503,
                   .message =
                       "The key store (Valkey) cannot be reached. Nothing was changed, or it is not known "
                       "whether it was: look before you try again.",
                   .type = "no_db_connection"};
    reply_error(exchange, error);
}

std::string Management::who() const {
    if (caller.key && !caller.key->user_id.empty()) return caller.key->user_id;
    return "default_user_id";
}

bool Management::has_known_fields(RecordKind kind) const {
    auto unknown = unknown_fields(kind, body);
    if (unknown.slip) {
        refuse(*unknown.slip);
        return false;
    }
    tell_of_fields(kind, unknown.without_effect);
    return true;
}

std::optional<boost::json::object> Management::fields(RecordKind kind) const {
    if (!has_known_fields(kind)) return std::nullopt;
    auto fields = read_fields(kind, body, now);
    if (fields) return std::move(*fields);
    refuse(fields.error());
    return std::nullopt;
}

void tell_of_fields(RecordKind kind, const std::vector<std::string>& without_effect) {
    static std::mutex mutex;  // loops share it, so that each name is told once; never on the way of a call
    static std::set<std::string> told;
    std::lock_guard lock(mutex);
    for (auto& name : without_effect) {
        auto shown = name.substr(0, kMostOfName);
        if (told.size() >= kMostNamesTold || !told.insert(fmt::format("{} {}", name_of(kind), shown)).second)
            continue;
        observe::log(observe::Level::Warning, "field_ignored")
            .field("record", name_of(kind))
            .field("field", shown)
            .field("consequence", "it is not kept and limits nothing");
    }
}

Awaitable<std::unique_ptr<Management>> begin_management(Gateway& gateway, http::Exchange& exchange) {
    auto& ledger = gateway.ledger();
    if (!ledger.store()) {
        ApiError error{.status = 500,
                       .message =
                           "DB not connected. Keys, budgets and spend are kept in Valkey: set REDIS_URL (or "
                           "REDIS_HOST) and start the gateway again.",
                       .type = "no_db_connection"};
        reply_error(exchange, error);
        co_return nullptr;
    }
    std::unique_ptr<Management> call(
        new Management{gateway, exchange, Records(*ledger.patient_store()), {}, {}, unix_ms()});
    auto caller = co_await ledger.caller(exchange.head());
    if (!caller) {
        reply_error(exchange, caller.error());
        co_return nullptr;
    }
    call->caller = std::move(*caller);
    if (exchange.head().method != "POST") co_return call;
    exchange.limit_body(kMostBody);
    auto text = co_await exchange.read_whole_body(kMostBody);
    if (!text) {
        if (text.error() == boost::system::errc::message_size) {
            ApiError error{.status = 413,
                           .message = fmt::format("the request body is larger than {} bytes", kMostBody),
                           .type = "bad_request_error"};
            reply_error(exchange, error);
        }
        co_return nullptr;
    }
    if (trim(*text).empty()) co_return call;
    boost::system::error_code wrong;
    auto value = boost::json::parse(*text, wrong);
    if (wrong || !value.is_object()) {
        reply_error(exchange, bad_request(wrong ? "the body is not JSON: " + wrong.message()
                                                : "the body must be a JSON object"));
        co_return nullptr;
    }
    call->body = std::move(value.get_object());
    co_return call;
}

ApiError not_found(std::string message, std::string param) {
    return {
        .status = 404, .message = std::move(message), .type = "not_found_error", .param = std::move(param)};
}

bool sees(const Caller& caller, const Entity& key) {
    if (caller.is_admin()) return true;
    if (!caller.key) return false;
    return caller.key->id == key.id || (!key.user_id.empty() && key.user_id == caller.key->user_id);
}

}  // namespace seance::litellm
