#include "platform/dns/cloudflare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include "core/base/version.hpp"
#include "core/runtime/wait.hpp"
#include "platform/dns/answer.hpp"

namespace seance::dns {
namespace {

using remote::Idempotent;
using remote::JsonView;
using Envelope = Reply<boost::json::value>;

constexpr std::uint64_t kMostAnswer = 32 << 20;
constexpr int kMostPages = 1000;
constexpr std::size_t kPerPage = 100;

constexpr std::array<std::pair<SslMode, std::string_view>, 5> kSslModes{{
    {SslMode::Off, "off"},
    {SslMode::Flexible, "flexible"},
    {SslMode::Full, "full"},
    {SslMode::Strict, "strict"},
    {SslMode::OriginPull, "origin_pull"},
}};

http::ClientOptions client_options(const CloudflareOptions& options) {
    http::ClientOptions out;
    out.connect_timeout = std::chrono::seconds(10);
    out.ca_file = options.ca_file;
    if (!options.ca_file.empty() && !std::ifstream(options.ca_file))
        throw std::runtime_error(fmt::format("the certificates in {} cannot be read", options.ca_file));
    return out;
}

http::Url checked(const std::string& base) {
    auto url = http::parse_url(base);
    if (!url) throw std::invalid_argument(fmt::format("{} is not an http:// or https:// address", base));
    while (url->target.ends_with('/')) url->target.pop_back();
    return *url;
}

Failure failure(FailureKind kind, std::string what) {
    Failure out;
    out.kind = kind;
    out.what = std::move(what);
    return out;
}

Failure nonsense(std::string_view doing) {
    return failure(FailureKind::Api, fmt::format("{}: Cloudflare's answer lacks what it is about", doing));
}

// beholder.seance.dev → itself, seance.dev; never a top-level domain.
std::vector<std::string> suffixes(std::string_view host) {
    std::vector<std::string> out;
    for (auto name = plain_name(host); name.find('.') != std::string::npos;
         name = name.substr(name.find('.') + 1))
        out.push_back(name);
    return out;
}

}  // namespace

SslMode parse_ssl_mode(std::string_view text) {
    for (const auto& [mode, name] : kSslModes)
        if (name == text) return mode;
    return SslMode::Unknown;
}

std::string_view spelling(SslMode mode) {
    for (const auto& [known, name] : kSslModes)
        if (known == mode) return name;
    return {};
}

std::string Zone::problem() const {
    if (paused) return fmt::format("the zone {} is paused in Cloudflare: records would have no effect", name);
    if (status == "active") return {};
    std::string servers;
    for (const auto& server : name_servers) servers += (servers.empty() ? "" : ", ") + server;
    return fmt::format("the zone {} is not active in Cloudflare ({}){}", name,
                       status.empty() ? "status not told" : status,
                       servers.empty() ? "" : ": the registrar has to name its servers " + servers);
}

class Cloudflare::Impl {
  public:
    Impl(Loop& loop, SecretText t, CloudflareOptions o)
        : token(std::move(t)),
          options(std::move(o)),
          base(checked(options.base)),
          client(loop, client_options(options)) {}

    struct Ask {
        Ask(std::string_view m, std::string p, std::string d)
            : method(m), path(std::move(p)), doing(std::move(d)) {}
        std::string_view method;
        std::string path;   // behind the base, with its query
        std::string doing;  // for people
        std::string body;
        Idempotent idempotent = Idempotent::Yes;
    };

    Awaitable<Judgement> attempt(const Ask& ask) {
        http::Request request;
        request.method = ask.method;
        request.target = base.target + ask.path;
        request.fields.add("Authorization", "Bearer " + token.reveal());
        request.fields.add("User-Agent", fmt::format("seance/{}", built_commit()));
        request.fields.add("Accept", "application/json");
        if (!ask.body.empty()) request.fields.add("Content-Type", "application/json");
        request.body = ask.body;
        auto work = client.send(base.origin, request, kMostAnswer);
        auto answer = co_await with_deadline<http::WholeResponse>(options.timeout, std::move(work));
        if (answer) co_return judge(*answer, ask.doing, token, std::chrono::system_clock::now());
        Judgement lost;
        lost.again = true;
        lost.not_executed = remote::was_never_sent(answer.error());
        auto why = answer.error() == asio::error::timed_out
                       ? fmt::format("no answer within {}", print_duration(options.timeout))
                       : answer.error().message();
        lost.failure = failure(
            FailureKind::Unreachable,
            fmt::format("{}: Cloudflare at {} did not answer: {}", ask.doing, base.origin.authority(), why));
        co_return lost;
    }

    Awaitable<Envelope> send(Ask ask) {
        const auto& secret = token.reveal();
        if (secret.empty() ||
            std::any_of(secret.begin(), secret.end(), [](char c) { return c <= ' ' || c >= 0x7f; }))
            co_return failure(FailureKind::Auth,
                              "the Cloudflare token is empty or holds characters that no token has");
        remote::Backoff backoff(options.retry);
        while (true) {
            auto judgement = co_await attempt(ask);
            if (judgement.envelope) co_return std::move(*judgement.envelope);
            bool unclear = ask.idempotent == Idempotent::No && judgement.again && !judgement.not_executed;
            auto pause = judgement.again && !unclear ? backoff.next(judgement.wait) : std::nullopt;
            if (!pause) {
                auto last = std::move(judgement.failure);
                if (backoff.tries() > 1) last.what += fmt::format(" ({} tries)", backoff.tries());
                if (unclear) {
                    last.kind = FailureKind::Unreachable;
                    last.what += "; whether it was done is not known: read the records before trying again";
                }
                co_return last;
            }
            co_await remote::pause(*pause, options.retry.backoff_scale);
        }
    }

    // All pages of a listing. `path` has a query already.
    Awaitable<Reply<std::vector<Record>>> list(std::string path, std::string doing) {
        std::vector<Record> out;
        for (int page = 1; page <= kMostPages; ++page) {
            Ask ask("GET", fmt::format("{}&per_page={}&page={}", path, kPerPage, page), doing);
            auto envelope = co_await send(std::move(ask));
            if (!envelope) co_return envelope.error();
            JsonView json(*envelope);
            auto items = json["result"].items();
            for (auto item : items)
                if (auto record = parse_record(item)) out.push_back(std::move(*record));
            auto pages = json["result_info"]["total_pages"].integer();
            bool last = pages ? page >= *pages : items.size() < kPerPage;
            if (items.empty() || last) break;
        }
        co_return out;
    }

    SecretText token;
    CloudflareOptions options;
    http::Url base;
    http::Client client;
};

Cloudflare::Cloudflare(Loop& loop, SecretText token, CloudflareOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(token), std::move(options))) {}
Cloudflare::~Cloudflare() = default;

Awaitable<Reply<TokenState>> Cloudflare::verify_token() {
    std::string doing = "checking the token";
    Impl::Ask ask("GET", "/user/tokens/verify", doing);
    auto envelope = co_await impl_->send(std::move(ask));
    if (!envelope) co_return envelope.error();
    auto result = JsonView(*envelope)["result"];
    TokenState out;
    out.id = result["id"].text_or();
    out.status = result["status"].text_or();
    out.expires_on = result["expires_on"].text_or();
    if (out.status.empty()) co_return nonsense(doing);
    co_return out;
}

Awaitable<Reply<Zone>> Cloudflare::find_zone(std::string host) {
    for (const auto& name : suffixes(host)) {
        auto doing = fmt::format("looking for the zone {}", name);
        Impl::Ask ask("GET", "/zones?name=" + http::percent_encode(name), doing);
        auto envelope = co_await impl_->send(std::move(ask));
        if (!envelope) co_return envelope.error();
        for (auto item : JsonView(*envelope)["result"].items()) {
            auto zone = parse_zone(item);
            if (!zone || zone->name != name) continue;
            if (auto problem = zone->problem(); !problem.empty())
                co_return failure(FailureKind::User, std::move(problem));
            co_return std::move(*zone);
        }
    }
    co_return failure(
        FailureKind::NotFound,
        fmt::format("the Cloudflare token sees no zone for {}: add the domain to Cloudflare, or give the "
                    "token Zone Read for it",
                    host));
}

Awaitable<Reply<std::vector<Record>>> Cloudflare::records_with_comment(std::string zone_id,
                                                                       std::string prefix) {
    auto path = fmt::format("/zones/{}/dns_records?comment.startswith={}", http::percent_encode(zone_id),
                            http::percent_encode(prefix));
    auto doing = fmt::format("reading the records marked {}", prefix);
    auto records = co_await impl_->list(std::move(path), std::move(doing));
    // Whether the filter minds case is not told: what is not ours must not be taken for it.
    if (records)
        std::erase_if(*records, [&](const Record& record) { return !record.comment.starts_with(prefix); });
    co_return records;
}

Awaitable<Reply<std::vector<Record>>> Cloudflare::records_named(std::string zone_id, std::string name) {
    auto plain = plain_name(name);
    auto path = fmt::format("/zones/{}/dns_records?name.exact={}", http::percent_encode(zone_id),
                            http::percent_encode(plain));
    auto doing = fmt::format("reading the records of {}", plain);
    auto records = co_await impl_->list(std::move(path), std::move(doing));
    if (records) std::erase_if(*records, [&](const Record& record) { return record.name != plain; });
    co_return records;
}

Awaitable<Reply<void>> Cloudflare::apply(std::string zone_id, Batch batch) {
    for (const auto* list : {&batch.updates, &batch.creates})
        for (const auto& record : *list)
            if (auto problem = record_problem(record); !problem.empty())
                co_return failure(FailureKind::User, std::move(problem));
    for (const auto& record : batch.updates)
        if (record.id.empty())
            co_return failure(FailureKind::User,
                              fmt::format("{} cannot be changed without its id", record.name));

    std::size_t deleted = 0, updated = 0, created = 0;
    while (deleted + updated + created < batch.size()) {
        boost::json::array deletes, patches, posts;
        std::size_t room = kMostPerBatch;
        for (; deleted < batch.deletes.size() && room > 0; ++deleted, --room) {
            boost::json::object id;
            id["id"] = batch.deletes[deleted];
            deletes.push_back(std::move(id));
        }
        for (; updated < batch.updates.size() && room > 0; ++updated, --room)
            patches.push_back(record_body(batch.updates[updated]));
        for (; created < batch.creates.size() && room > 0; ++created, --room) {
            auto body = record_body(batch.creates[created]);
            body.erase("id");
            posts.push_back(std::move(body));
        }
        boost::json::object body;
        if (!deletes.empty()) body["deletes"] = std::move(deletes);
        if (!patches.empty()) body["patches"] = std::move(patches);
        if (!posts.empty()) body["posts"] = std::move(posts);
        Impl::Ask ask("POST", fmt::format("/zones/{}/dns_records/batch", http::percent_encode(zone_id)),
                      fmt::format("changing {} DNS records", batch.size()));
        ask.body = boost::json::serialize(body);
        ask.idempotent = Idempotent::No;
        auto done = co_await impl_->send(std::move(ask));
        if (!done) co_return done.error();
    }
    co_return Reply<void>{};
}

Awaitable<Reply<SslSetting>> Cloudflare::ssl_setting(std::string zone_id) {
    std::string doing = "reading the zone's SSL mode";
    Impl::Ask ask("GET", fmt::format("/zones/{}/settings/ssl", http::percent_encode(zone_id)), doing);
    auto envelope = co_await impl_->send(std::move(ask));
    if (!envelope) co_return envelope.error();
    auto result = JsonView(*envelope)["result"];
    if (!result["value"].text()) co_return nonsense(doing);
    SslSetting out;
    out.mode = parse_ssl_mode(result["value"].text_or());
    out.editable = result["editable"].boolean().value_or(false);
    co_return out;
}

Awaitable<Reply<void>> Cloudflare::set_ssl_mode(std::string zone_id, SslMode mode) {
    if (mode == SslMode::Unknown) co_return failure(FailureKind::User, "an unknown SSL mode cannot be set");
    Impl::Ask ask("PATCH", fmt::format("/zones/{}/settings/ssl", http::percent_encode(zone_id)),
                  fmt::format("setting the zone's SSL mode to {}", spelling(mode)));
    boost::json::object body;
    body["value"] = spelling(mode);
    ask.body = boost::json::serialize(body);
    auto done = co_await impl_->send(std::move(ask));
    if (!done) co_return done.error();
    co_return Reply<void>{};
}

}  // namespace seance::dns
