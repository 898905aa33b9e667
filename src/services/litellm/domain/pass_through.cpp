#include "services/litellm/domain/pass_through.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

// Of one connection, or set by the client that sends the request on (RFC 9110, section 7.6.1).
constexpr std::string_view kOwnOfConnection[] = {
    "connection", "keep-alive",     "proxy-connection",  "proxy-authorization",
    "te",         "trailer",        "transfer-encoding", "upgrade",
    "host",       "content-length", "accept-encoding",   "expect"};

constexpr std::uint64_t kMostReportedTokens = 1'000'000'000;  // of one request; more is a mistake

bool is_of_connection(std::string_view word, const http::FieldViews& client) {
    return std::find(std::begin(kOwnOfConnection), std::end(kOwnOfConnection), word) !=
               std::end(kOwnOfConnection) ||
           client.lists("connection", word);
}

bool fits(const PassThroughEndpoint& endpoint, std::string_view method, std::string_view path) {
    auto& methods = endpoint.methods;
    if (!methods.empty() && std::find(methods.begin(), methods.end(), method) == methods.end()) return false;
    if (path == endpoint.path) return true;
    return endpoint.include_subpath && path.starts_with(endpoint.path) && path[endpoint.path.size()] == '/';
}

}  // namespace

void repeat_fields(const http::FieldViews& upstream, http::Fields& into) {
    for (auto& field : upstream.all()) {
        auto word = lower(field.name);
        bool ours = word == "date" || word == "server" || word.starts_with("access-control-") ||
                    word.starts_with("x-litellm-");
        if (!ours && !is_of_connection(word, upstream)) into.add(field.name, field.value);
    }
}

ReportedUse reported_use(const http::FieldViews& answer) {
    ReportedUse use;
    auto cost = std::string(trim(answer.get("x-litellm-response-cost")));
    double usd = 0;
    auto [end, wrong] = std::from_chars(cost.data(), cost.data() + cost.size(), usd);
    if (wrong == std::errc{} && end == cost.data() + cost.size() && usd >= 0) use.cost = to_nanos(usd);
    auto tokens = parse_number(trim(answer.get("x-litellm-total-tokens")));
    if (tokens && *tokens <= kMostReportedTokens) use.tokens = *tokens;
    return use;
}

const PassThroughEndpoint* find_pass_through(const std::vector<PassThroughEndpoint>& endpoints,
                                             std::string_view method, std::string_view path) {
    const PassThroughEndpoint* best = nullptr;
    for (auto& endpoint : endpoints)
        if (fits(endpoint, method, path) && (!best || endpoint.path.size() > best->path.size()))
            best = &endpoint;
    return best;
}

std::string pass_through_address(const PassThroughEndpoint& endpoint, std::string_view path,
                                 std::string_view query) {
    auto at = endpoint.target.find('?');
    auto address = endpoint.target.substr(0, at);
    auto own =
        at == std::string::npos ? std::string_view{} : std::string_view(endpoint.target).substr(at + 1);
    if (path.size() > endpoint.path.size()) {
        while (address.ends_with('/')) address.pop_back();
        address += path.substr(endpoint.path.size());
    }
    char separator = '?';
    for (auto list : {own, query})
        for (auto part : split(list, '&')) {
            if (part.empty() || (list.data() == query.data() && part.starts_with("key=sk-"))) continue;
            address += separator;
            address += part;
            separator = '&';
        }
    return address;
}

void forward_fields(const PassThroughEndpoint& endpoint, const http::FieldViews& client, std::string_view key,
                    http::Fields& into) {
    for (auto& field : client.all()) {
        auto word = lower(field.name);
        bool of_body = word == "content-type" || word == "accept";
        if (!of_body && (!endpoint.forward_headers || is_of_connection(word, client))) continue;
        if (word.starts_with("x-litellm-") ||
            (!key.empty() && field.value.find(key) != std::string_view::npos))
            continue;
        into.add(field.name, field.value);
    }
    for (auto& [name, value] : endpoint.headers) into.set(name, value.reveal());
}

}  // namespace seance::litellm
