#include "platform/images/registry_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "platform/images/command.hpp"

namespace seance::images {
namespace {

constexpr std::size_t kMostErrors = 8;

struct Meaning {
    std::string_view code;
    FailureKind kind;
    std::string_view text;  // {0} the host, {1} who
};

constexpr std::string_view kDenied =
    "{1} may not do this at {0}; check the repository's name, and that the account or access token has the "
    "right to "
    "write to it";
constexpr std::string_view kUnauthorized = "{0} did not accept who asks: {1}; run docker login {0}";
constexpr std::string_view kTooMany =
    "{0} counts too many requests from this account or address; wait, or sign in with docker login {0}";

constexpr std::array kMeanings{
    Meaning{"DENIED", FailureKind::Auth, kDenied},
    Meaning{"UNAUTHORIZED", FailureKind::Auth, kUnauthorized},
    Meaning{"NAME_UNKNOWN", FailureKind::NotFound, "{0} has no such repository, or does not show it to {1}"},
    Meaning{"MANIFEST_UNKNOWN", FailureKind::NotFound, "{0} has no such image"},
    Meaning{"BLOB_UNKNOWN", FailureKind::NotFound, "{0} does not have this blob"},
    Meaning{"NAME_INVALID", FailureKind::User, "{0} does not take a repository of this name"},
    Meaning{"MANIFEST_BLOB_UNKNOWN", FailureKind::Api,
            "{0} says that a blob is missing which it had; push again"},
    Meaning{"MANIFEST_INVALID", FailureKind::Api, "{0} does not take this kind of manifest"},
    Meaning{"DIGEST_INVALID", FailureKind::Api, "what arrived at {0} is not what was sent; push again"},
    Meaning{"SIZE_INVALID", FailureKind::Api,
            "what arrived at {0} is not as long as what was sent; push again"},
    Meaning{"BLOB_UPLOAD_INVALID", FailureKind::Api, "{0} broke the upload off; push again"},
    Meaning{"BLOB_UPLOAD_UNKNOWN", FailureKind::Api, "{0} forgot the upload; push again"},
    Meaning{"UNSUPPORTED", FailureKind::Api, "{0} does not offer this operation"},
    Meaning{"TOOMANYREQUESTS", FailureKind::Unreachable, kTooMany},
};

// For bodies that are no error document: proxies and gateways answer with HTML.
Meaning meaning_of(int status) {
    if (status == 401) return {"", FailureKind::Auth, kUnauthorized};
    if (status == 403) return {"", FailureKind::Auth, kDenied};
    if (status == 404) return {"", FailureKind::NotFound, "{0} has no such thing"};
    if (status == 413)
        return {"", FailureKind::User, "{0}, or a proxy before it, does not take a blob of this size"};
    if (status == 429) return {"", FailureKind::Unreachable, kTooMany};
    if (is_passing(status))
        return {"", FailureKind::Unreachable, "{0} is overloaded or out of order; try again later"};
    return {"", FailureKind::Api, "{0} gave an answer that makes no sense here"};
}

}  // namespace

std::vector<RegistryError> parse_registry_errors(std::string_view body) {
    std::vector<RegistryError> out;
    error_code error;
    auto document = boost::json::parse({body.data(), body.size()}, error);
    const auto* root = error ? nullptr : document.if_object();
    const auto* errors = root ? root->if_contains("errors") : nullptr;
    if (!errors || !errors->is_array()) return out;
    for (const auto& entry : errors->get_array()) {
        if (!entry.is_object() || out.size() == kMostErrors) continue;
        auto text = [&entry](const char* name) {
            const auto* value = entry.get_object().if_contains(name);
            return value && value->is_string() ? one_line(std::string_view(value->get_string()))
                                               : std::string();
        };
        out.push_back({text("code"), text("message")});
    }
    return out;
}

bool has_code(const http::WholeResponse& answer, std::string_view code) {
    auto errors = parse_registry_errors(answer.body);
    return std::any_of(errors.begin(), errors.end(), [&](const auto& error) { return error.code == code; });
}

bool is_passing(int status) {
    constexpr std::array kPassing{408, 429, 499, 500, 502, 503, 504, 522};
    return std::find(kPassing.begin(), kPassing.end(), status) != kPassing.end();
}

Failure explain(const http::WholeResponse& answer, std::string_view doing, std::string_view host,
                std::string_view who) {
    auto errors = parse_registry_errors(answer.body);
    auto meaning = meaning_of(answer.status);
    for (const auto& error : errors) {
        auto known = std::find_if(kMeanings.begin(), kMeanings.end(),
                                  [&](const auto& m) { return m.code == error.code; });
        if (known == kMeanings.end()) continue;
        meaning = *known;
        break;
    }
    std::string said = fmt::format("HTTP {}", answer.status);
    if (!errors.empty()) said += fmt::format(" {}: {}", errors[0].code, errors[0].message);
    return {meaning.kind,
            fmt::format("{}: {} ({})", doing, fmt::format(fmt::runtime(meaning.text), host, who), said)};
}

}  // namespace seance::images
