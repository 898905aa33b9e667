#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>

#include "cli/commands/commands.hpp"
#include "cli/remote/environment.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/terminal/table.hpp"
#include "core/base/text.hpp"
#include "platform/plan/wanted_records.hpp"
#include "platform/targets/railway/domain_records.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;

// One of the two records of a domain: as it must be, and what stands at the DNS provider.
struct RecordRow {
    dns::Record wanted;
    std::vector<std::string> found;
    bool known = false;  // the provider was asked
    bool good = false;
    std::string problem;
};

struct DomainRow {
    std::string host, service;
    std::optional<int> port;
    bool declared = false, there = false, verified = false, proxied = false;
    std::vector<RecordRow> records;
    railway::CertificateStatus certificate = railway::CertificateStatus::Unknown;
    std::string expires;
    std::vector<std::string> todo;  // sentences

    bool works() const { return there && todo.empty(); }
};

std::string_view word(railway::CertificateStatus status) {
    switch (status) {
        case railway::CertificateStatus::ValidatingOwnership:
            return "validating";
        case railway::CertificateStatus::Issuing:
            return "issuing";
        case railway::CertificateStatus::Valid:
            return "valid";
        case railway::CertificateStatus::IssueFailed:
            return "failed";
        case railway::CertificateStatus::Unknown:
            break;
    }
    return "unknown";
}

class Examination {
  public:
    Examination(const Manifest& manifest, railway::Session& session)
        : session_(session), wanted_(outline(manifest)) {}

    Awaitable<remote::Reply<std::vector<DomainRow>>> run() {
        auto seen = co_await railway::read_live(session_, wanted_);
        if (!seen) co_return seen.error();
        seen_ = std::move(*seen);
        for (const auto& service : wanted_.services)
            for (const auto& domain : service.domains) {
                auto row = co_await declared(service.name, domain);
                if (!row) co_return row.error();
                rows_.push_back(std::move(*row));
            }
        others();
        co_return std::move(rows_);
    }

  private:
    const railway::CustomDomain* details(const std::string& host) const {
        for (const auto& service : seen_.state.services)
            for (const auto& domain : service.custom_domains)
                if (domain.domain == host) return &domain;
        return nullptr;
    }

    Awaitable<remote::Reply<DomainRow>> declared(std::string service, plan::WantedDomain domain) {
        DomainRow row;
        row.host = domain.host;
        row.service = service;
        row.declared = true;
        const auto* live = seen_.live.service(service);
        const plan::LiveDomain* at = nullptr;
        if (live)
            for (const auto& one : live->domains)
                if (one.host == domain.host) at = &one;
        if (!at) {
            row.port = domain.port;
            row.todo.push_back(
                fmt::format("Railway does not know {}: seance -e {} deploy", row.host, wanted_.environment));
            co_return row;
        }
        take(row, *at);
        if (at->port != domain.port)
            row.todo.push_back(fmt::format("{} goes to port {}, not to {}: seance -e {} deploy", row.host,
                                           at->port ? std::to_string(*at->port) : "that Railway guesses",
                                           domain.port, wanted_.environment));
        if (auto failure = co_await records(row, *at)) co_return *failure;
        if (!at->problem.empty()) row.todo.push_back(at->problem);
        co_return row;
    }

    void take(DomainRow& row, const plan::LiveDomain& live) const {
        row.there = true;
        row.port = live.port;
        row.verified = live.verified;
        const auto* more = details(live.host);
        if (!more) return;
        row.certificate = more->certificate;
        row.proxied = more->behind_cloudflare;
        for (const auto& date : more->certificate_expiries) row.expires = std::max(row.expires, date);
    }

    Awaitable<std::optional<remote::Failure>> records(DomainRow& row, plan::LiveDomain live) {
        const auto zone = seen_.live.zones.find(row.host);
        const bool known = zone != seen_.live.zones.end() && !zone->second.id.empty();
        if (zone != seen_.live.zones.end() && !zone->second.problem.empty())
            row.todo.push_back(fmt::format("{}: {}", row.host, zone->second.problem));
        auto wanted = plan::wanted_records(wanted_.environment, row.service, live);
        for (const auto& record : wanted) {
            RecordRow made;
            made.wanted = record;
            made.known = known;
            if (known) {
                // Those at this name, also if they are not ours.
                auto there = co_await session_.dns->records_named(zone->second.id, record.name);
                if (!there) co_return there.error();
                compare(made, record, *there);
                if (!made.problem.empty()) row.todo.push_back(made.problem);
            }
            if (!known) as_railway_sees_it(made, row);
            row.records.push_back(std::move(made));
        }
        co_return std::nullopt;
    }

    // A zone that is not ours to look into.
    void as_railway_sees_it(RecordRow& made, const DomainRow& row) const {
        made.good = row.verified;
        if (made.wanted.type != dns::RecordType::Cname) return;
        const auto* more = details(row.host);
        if (!more) return;
        for (const auto& record : more->dns_records) {
            if (record.purpose != railway::DnsRecord::Purpose::TrafficRoute) continue;
            made.good = row.verified || record.status == railway::DnsRecord::Status::Propagated;
            if (!record.current_value.empty()) made.found.push_back(record.current_value);
        }
    }

    void compare(RecordRow& made, const dns::Record& record, const std::vector<dns::Record>& there) const {
        for (const auto& one : there) {
            const bool address = one.type == dns::RecordType::A || one.type == dns::RecordType::Aaaa;
            if (one.type != record.type && !(address && record.type == dns::RecordType::Cname)) continue;
            made.found.push_back(one.type == record.type ? one.content : one.type_text + " " + one.content);
            if (!dns::same_content(one, record)) continue;
            made.good = true;
            if (record.proxied.value_or(false) && !one.proxied.value_or(false))
                made.problem = fmt::format("{} is not proxied by Cloudflare: seance -e {} deploy turns it on",
                                           record.name, wanted_.environment);
        }
        if (made.good) return;
        made.problem =
            made.found.empty()
                ? fmt::format("the {} record {} is missing; it must be {}: seance -e {} deploy writes it",
                              dns::spelling(record.type), record.name, record.content, wanted_.environment)
                : fmt::format("the {} record {} must be {}, not {}: seance -e {} deploy says what to do",
                              dns::spelling(record.type), record.name, record.content, made.found.front(),
                              wanted_.environment);
    }

    // What Railway has and nobody declares: shown, and no reason to complain unless it is broken.
    void others() {
        for (const auto& service : seen_.live.services)
            for (const auto& domain : service.domains) {
                const bool known = std::any_of(rows_.begin(), rows_.end(),
                                               [&](const DomainRow& row) { return row.host == domain.host; });
                if (known) continue;
                DomainRow row;
                row.host = domain.host;
                row.service = service.name;
                take(row, domain);
                if (!domain.problem.empty()) row.todo.push_back(domain.problem);
                rows_.push_back(std::move(row));
            }
    }

    railway::Session& session_;
    plan::Wanted wanted_;
    railway::Seen seen_;
    std::vector<DomainRow> rows_;
};

std::string record_cell(const DomainRow& row, std::string_view type) {
    for (const auto& record : row.records) {
        if (dns::spelling(record.wanted.type) != type) continue;
        if (!record.known) return record.good ? "seen" : record.found.empty() ? "not seen" : "other";
        if (record.good) return record.problem.empty() ? "right" : "not proxied";
        return record.found.empty() ? "missing" : "other";
    }
    return row.there ? "-" : "";
}

std::string certificate_cell(const DomainRow& row) {
    if (!row.there) return "";
    if (row.certificate == railway::CertificateStatus::Valid)
        return row.expires.empty() ? "valid" : "until " + row.expires.substr(0, 10);
    // Visitors get Cloudflare's, whatever Railway still has to do.
    return row.proxied && row.verified ? "Cloudflare's" : std::string(word(row.certificate));
}

json::object as_json(const DomainRow& row) {
    json::array records, todo;
    for (const auto& record : row.records) {
        json::array found(record.found.begin(), record.found.end());
        records.push_back(json::object{{"type", dns::spelling(record.wanted.type)},
                                       {"name", record.wanted.name},
                                       {"wanted", record.wanted.content},
                                       {"looked_at", record.known},
                                       {"found", std::move(found)},
                                       {"ok", record.good && record.problem.empty()}});
    }
    for (const auto& sentence : row.todo) todo.emplace_back(sentence);
    json::object out{
        {"host", row.host},         {"service", row.service},      {"port", nullptr},
        {"declared", row.declared}, {"exists", row.there},         {"verified", row.verified},
        {"proxied", row.proxied},   {"works", row.works()},        {"records", std::move(records)},
        {"todo", std::move(todo)},  {"certificate_until", nullptr}};
    if (row.port) out["port"] = *row.port;
    if (row.there) out["certificate"] = word(row.certificate);
    if (!row.expires.empty()) out["certificate_until"] = row.expires;
    return out;
}

int show(Context& context, const std::vector<DomainRow>& rows) {
    const bool good = std::all_of(rows.begin(), rows.end(), [](const DomainRow& row) { return row.works(); });
    if (context.json) {
        json::array domains;
        for (const auto& row : rows) domains.push_back(as_json(row));
        context.result(json::serialize(json::object{
                           {"schema", "seance.domains/1"}, {"ok", good}, {"domains", std::move(domains)}}) +
                       "\n");
        return good ? kDone : kCheckFailed;
    }
    Table table({"", "HOST", "SERVICE", "PORT", "CNAME", "TXT", "VERIFIED", "CERTIFICATE"});
    std::string below;
    std::vector<dns::Record> by_hand;  // that nobody but a person can write
    for (const auto& row : rows) {
        table.add(
            {row.works() ? "✔" : "✘", row.host, row.service + (row.declared ? "" : " (not declared)"),
             row.port ? std::to_string(*row.port) : "guessed", record_cell(row, "CNAME"),
             record_cell(row, "TXT"), row.there ? (row.verified ? "yes" : "no") : "", certificate_cell(row)},
            0, row.works() ? &Style::green : &Style::red);
        for (const auto& sentence : row.todo) below += fmt::format("✘ {}\n", sentence);
        for (const auto& record : row.records)
            if (!record.known && !row.verified)
                by_hand.push_back(record.wanted);
            else if (context.verbose)
                below += fmt::format("  {} {} → {}\n", dns::spelling(record.wanted.type), record.wanted.name,
                                     record.wanted.content);
    }
    if (!by_hand.empty())
        below += fmt::format("{}These records must stand with whoever serves the DNS of these names:\n{}\n",
                             below.empty() ? "" : "\n", plan::print_records(by_hand));
    context.result(rows.empty() ? "no service has a public name\n"
                                : table.print(context.result_style()) + (below.empty() ? "" : "\n" + below));
    return good ? kDone : kCheckFailed;
}

int domains(Context& context) {
    auto manifest = context.manifest();
    if (!manifest || is_local(context, *manifest, "domains")) return context.exit_code;
    auto remote = find_remote(context, *manifest, true);
    if (!remote) return context.exit_code;
    Examination examination{*manifest, remote->reach->session()};
    auto rows = ask(context, *remote->reach, examination.run(), "looking at the domains");
    return rows ? show(context, *rows) : context.exit_code;
}

int retry(Context& context, const std::string& given) {
    auto manifest = context.manifest();
    if (!manifest || is_local(context, *manifest, "domains")) return context.exit_code;
    auto remote = find_remote(context, *manifest);
    if (!remote) return context.exit_code;
    auto& reach = *remote->reach;
    auto state = ask(context, reach,
                     reach.session().api.read_environment(remote->place.project, remote->place.environment),
                     "looking at the domains");
    if (!state) return context.exit_code;
    const auto host = lower(given);
    const railway::CustomDomain* found = nullptr;
    std::vector<std::string> hosts;
    for (const auto& service : state->services)
        for (const auto& domain : service.custom_domains) {
            hosts.push_back(domain.domain);
            if (domain.domain == host) found = &domain;
        }
    if (!found)
        return context.fail(kNotThere, "NO_DOMAIN",
                            fmt::format("Railway has no domain {}{}", host, did_you_mean(host, hosts)),
                            fmt::format("seance -e {} domains", manifest->environment.name));
    if (!railway::may_reissue(*found)) {
        const auto problem = railway::domain_problem(*found);
        return context.fail(
            kRefused, "NOTHING_TO_RETRY",
            found->certificate == railway::CertificateStatus::Valid
                ? fmt::format("{} has a certificate; asking for another one counts against the authority's "
                              "five a week",
                              host)
                : fmt::format("the certificate of {} has not failed in a way that trying again would help",
                              host),
            problem);
    }
    if (!tell(context, reach, reach.session().api.issue_certificate(found->id), "asking for the certificate"))
        return context.exit_code;
    if (context.json)
        context.result(json::serialize(
                           json::object{{"schema", "seance.domains-retry/1"}, {"host", host}, {"ok", true}}) +
                       "\n");
    else
        context.result(fmt::format("{} asked again for the certificate of {}; see seance -e {} domains\n",
                                   context.result_style().green("✔"), host, manifest->environment.name));
    return kDone;
}

}  // namespace

void add_domains(CLI::App& app, Context& context) {
    auto host = std::make_shared<std::string>();
    auto* command = app.add_subcommand("domains", "Public names, their DNS records and certificates");
    auto* again = command->add_subcommand("retry", "Ask again for a certificate that could not be had");
    again->add_option("host", *host, "Whose certificate")->type_name("HOST")->required();
    again->callback([&context, host] { context.exit_code = retry(context, *host); });
    command->callback([&context, again] {
        if (!again->parsed()) context.exit_code = domains(context);
    });
}

}  // namespace seance::cli
