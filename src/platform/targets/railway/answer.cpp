#include "platform/targets/railway/answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/count.hpp"
#include "core/base/text.hpp"
#include "platform/remote/retry.hpp"
#include "platform/remote/timestamp.hpp"

namespace seance::railway {
namespace {

using remote::Failure;
using remote::FailureKind;
using remote::JsonView;
using Again = Judgement::Again;

constexpr std::size_t kLeastHidden = 4;

struct Complaint {
    FailureKind kind = FailureKind::Api;
    Again again = Again::Never;
    bool not_executed = false;
    std::string_view advice;
};

// The messages that are known (deploy-apis.md section 1.4), in the order in which they decide.
Complaint complaint(std::string_view message) {
    auto text = lower(message);
    auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
    if (says("project token not found"))
        return {FailureKind::Auth, Again::Never, true,
                "the project token is unknown or revoked; make a new one in the project's settings"};
    if (says("two factor authentication required"))
        return {
            FailureKind::Auth, Again::Never, true,
            "the workspace enforces two-factor authentication; a token made by a member who has it passes"};
    if (says("not authorized")) return {FailureKind::Auth, Again::Never, true, ""};
    if (says("rate limit exceeded"))
        return {FailureKind::RateLimited, Again::AsOften, true, "wait some minutes and try again"};
    if (says("commit not found"))
        return {FailureKind::User, Again::Never, true, "the connected repository has no such commit"};
    if (says("problem processing request"))
        return {FailureKind::Api, Again::Once, false,
                "a fault at Railway, or an id or a combination of settings that it does not take"};
    if (says("not found")) return {FailureKind::NotFound, Again::Never, true, ""};
    return {};
}

// The first that concerns the credential, else the first of all.
JsonView decisive(JsonView errors) {
    auto all = errors.items();
    for (auto error : all)
        if (complaint(error["message"].text_or()).kind == FailureKind::Auth) return error;
    return all.empty() ? JsonView() : all.front();
}

Judgement rate_limited(const http::Fields& fields, std::string_view who, std::string_view doing,
                       std::chrono::system_clock::time_point now) {
    Judgement out;
    out.again = Again::AsOften;
    out.not_executed = true;
    out.wait = remote::retry_after(fields, now);
    if (!out.wait) {
        if (auto resets = read_rate_limit(fields, now).resets_at)
            out.wait = std::max<Duration>(*resets - now, Duration(0));
    }
    auto until = out.wait ? fmt::format("; it takes calls again in {}",
                                        print_duration(std::chrono::ceil<std::chrono::seconds>(*out.wait)))
                          : std::string("; try again later");
    out.failure.kind = FailureKind::RateLimited;
    out.failure.what = fmt::format("{} refused {}: too many requests{}", who, doing, until);
    return out;
}

Judgement unreadable(const http::WholeResponse& answer, std::string_view doing, TokenKind kind) {
    Judgement out;
    auto status = answer.status;
    auto say = [&](FailureKind failure, std::string_view what) {
        out.failure.kind = failure;
        out.failure.what = fmt::format("{}: {} (status {})", doing, what, status);
    };
    if (status == 401 || status == 403) {
        out.not_executed = true;
        say(FailureKind::Auth, fmt::format("Railway refused the credential, {}", describe(kind)));
    } else if (status >= 500 || status == 408) {
        out.again = Again::AsOften;
        out.unclear = true;
        say(FailureKind::Api, "Railway is out of order; try again later");
    } else if (status >= 200 && status < 300) {
        out.again = Again::AsOften;
        out.unclear = true;
        say(FailureKind::Api, "the answer is no GraphQL; something between may be answering for Railway");
    } else {
        say(FailureKind::Api, "this address is not Railway's GraphQL; check SEANCE_RAILWAY_URL");
    }
    return out;
}

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

}  // namespace

std::string hide(std::string text, std::span<const SecretText> secrets) {
    // Longest first: one may be a part of another.
    std::vector<std::string> words;
    for (const auto& secret : secrets) {
        const auto& word = secret.reveal();
        if (word.size() < kLeastHidden) continue;
        words.push_back(word);
        auto spelled = boost::json::serialize(boost::json::string(word));
        words.push_back(spelled.substr(1, spelled.size() - 2));
    }
    std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
    for (const auto& word : words) text = replace_all(std::move(text), word, kHidden);
    return text;
}

Judgement judge_errors(JsonView errors, std::string_view doing, TokenKind kind,
                       std::span<const SecretText> hidden) {
    Judgement out;
    auto error = decisive(errors);
    auto raw = error["message"].text_or("an error without a message");
    auto known = complaint(raw);
    // A refused variable is repeated whole, values and all.
    if (auto at = raw.find("got invalid value"); at != std::string::npos && !hidden.empty())
        raw = raw.substr(0, at) + "got an invalid value" +
              (raw.rfind("; ") > at ? raw.substr(std::min(raw.rfind("; "), raw.size())) : "");
    const auto safe = [&](std::string text, std::size_t most) {
        return remote::tame(hide(std::move(text), hidden), most);
    };
    auto message = safe(std::move(raw), 500);

    auto extensions = error["extensions"];
    std::string more;
    if (auto code = extensions["code"].text_or(); !code.empty() && code != "INTERNAL_SERVER_ERROR")
        more += " [" + safe(code, 60) + "]";
    if (auto workspace = extensions["workspaceName"].text_or(); !workspace.empty())
        more += " (workspace " + safe(workspace, 100) + ")";
    if (auto others = errors.items().size(); others > 1) more += " and " + count(others - 1, "more error");
    out.failure.trace_id = safe(error["traceId"].text_or(extensions["traceId"].text_or()), 100);

    out.failure.kind = known.kind;
    out.again = known.again;
    out.not_executed = known.not_executed;
    out.failure.what = fmt::format("Railway refused {}: {}{}", doing, message, more);
    if (known.kind == FailureKind::Auth)
        out.failure.what += fmt::format("; the credential is {}", describe(kind));
    if (!known.advice.empty()) out.failure.what += fmt::format("; {}", known.advice);
    if (!out.failure.trace_id.empty()) out.failure.what += fmt::format(" (trace {})", out.failure.trace_id);
    return out;
}

Judgement judge(const http::WholeResponse& answer, std::string_view doing, TokenKind kind,
                std::span<const SecretText> hidden, std::chrono::system_clock::time_point now) {
    auto parsed = remote::parse_json(answer.body);
    JsonView view;
    if (parsed) view = JsonView(*parsed);
    if (answer.status == 429)
        return rate_limited(answer.fields, view.object() ? "Railway" : "Railway's edge", doing, now);
    if (!view.object()) return unreadable(answer, doing, kind);
    if (!view["errors"].items().empty()) {
        auto out = judge_errors(view["errors"], doing, kind, hidden);
        if (answer.status == 401 && out.failure.kind == FailureKind::Api)
            out.failure.kind = FailureKind::Auth;
        if (out.failure.kind == FailureKind::RateLimited) out.wait = remote::retry_after(answer.fields, now);
        if (out.failure.kind == FailureKind::Api && answer.status >= 500) out.again = Again::AsOften;
        return out;
    }
    if (!view["data"].object()) {
        if (answer.status < 200 || answer.status >= 300) return unreadable(answer, doing, kind);
        Judgement out;
        out.again = Again::AsOften;
        out.failure.what = fmt::format("Railway answered {} with neither data nor errors", doing);
        return out;
    }
    Judgement out;
    out.data = std::move(parsed->as_object()["data"].as_object());
    return out;
}

RateLimit read_rate_limit(const http::Fields& fields, std::chrono::system_clock::time_point now) {
    RateLimit out;
    auto number = [&](std::string_view name) -> std::optional<std::uint64_t> {
        auto field = fields.find(name);
        return field ? parse_number(trim(*field)) : std::nullopt;
    };
    out.limit = number("x-ratelimit-limit");
    out.remaining = number("x-ratelimit-remaining");
    auto reset = trim(fields.get("x-ratelimit-reset"));
    // Seconds from now, seconds or milliseconds since 1970, or a date: which one is not documented.
    constexpr std::uint64_t kSinceEpoch = 1'000'000'000, kInMilliseconds = 1'000'000'000'000,
                            kMost = 100'000'000'000'000;
    if (auto n = parse_number(reset); n && *n < kMost) {
        using namespace std::chrono;
        if (*n >= kInMilliseconds)
            out.resets_at = system_clock::time_point(milliseconds(*n));
        else if (*n >= kSinceEpoch)
            out.resets_at = system_clock::time_point(seconds(*n));
        else
            out.resets_at = now + seconds(*n);
    } else if (auto time = remote::parse_timestamp(reset)) {
        out.resets_at = std::chrono::time_point_cast<std::chrono::system_clock::duration>(*time);
    }
    return out;
}

}  // namespace seance::railway
