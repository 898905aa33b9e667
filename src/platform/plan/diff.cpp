#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/secret.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/fingerprint.hpp"
#include "platform/plan/plan.hpp"
#include "platform/plan/settings_diff.hpp"
#include "platform/plan/wanted_records.hpp"

namespace seance::plan {

namespace {

constexpr std::string_view kLater = "(known after domain)";

std::string shown(const Value& value) {
    return value.secret || !value.text ? std::string(kHidden) : value.text->reveal();
}

class Differ {
  public:
    Differ(const Wanted& wanted, const Live& live, const DiffOptions& options)
        : wanted_(wanted), live_(live), options_(options) {
        plan_.project = wanted.project;
        plan_.environment = wanted.environment;
        plan_.commit = wanted.commit;
    }

    Plan run() {
        if (options_.only_service.empty()) environment();
        for (const auto& service : wanted_.services)
            if (options_.only_service.empty() || options_.only_service == service.name) compare(service);
        if (options_.only_service.empty()) {
            others();
            records_left_over();
        }
        std::stable_sort(plan_.changes.begin(), plan_.changes.end(),
                         [](const Change& a, const Change& b) { return a.kind < b.kind; });
        return std::move(plan_);
    }

  private:
    void environment() {
        if (live_.project_id.empty())
            add({Action::Create, Kind::Project, "", wanted_.project, "", "", {}, ""});
        if (live_.environment_id.empty())
            add({Action::Create, Kind::Environment, "", wanted_.environment, "", "", {}, ""});
        if (live_.staged_changes.value_or(0) > 0)
            plan_.notes.push_back(
                fmt::format("{} change{} somebody staged in the dashboard wait{} there; they are left alone",
                            *live_.staged_changes, *live_.staged_changes == 1 ? "" : "s that",
                            *live_.staged_changes == 1 ? "s" : ""));
        if (!wanted_.spaces || !live_.bucket) return;
        const auto& bucket = *wanted_.spaces;
        if (!live_.bucket->exists)
            add({Action::Create, Kind::Bucket, "", bucket.bucket, "", bucket.region, {}, ""});
        if (bucket.cors_origins.empty()) return;
        const std::set<std::string> want{bucket.cors_origins.begin(), bucket.cors_origins.end()},
            have{live_.bucket->cors_origins.begin(), live_.bucket->cors_origins.end()};
        if (want != have)
            add({live_.bucket->exists ? Action::Update : Action::Create,
                 Kind::BucketCors,
                 "",
                 bucket.bucket,
                 fmt::format("{}", fmt::join(have, " ")),
                 fmt::format("{}", fmt::join(want, " ")),
                 {},
                 ""});
    }

    void compare(const WantedService& service) {
        const auto* live = live_.service(service.name);
        const auto before = plan_.changes.size();
        static const LiveService kNothing{};
        const LiveService& now = live ? *live : kNothing;
        if (!live) add({Action::Create, Kind::Service, service.name, "", "", "", {}, ""});
        volume(service, now);
        if (!service.image.empty() && service.image != now.image)
            add({now.image.empty() ? Action::Create : Action::Update,
                 Kind::Image,
                 service.name,
                 "",
                 now.image,
                 service.image,
                 {},
                 ""});
        for (auto& change : settings_diff(service, live ? &live->settings : nullptr)) add(std::move(change));
        variables(service, now);
        deployment(service, now, before);
        domains(service, now);
        if (plan_.changes.size() == before) plan_.unchanged.push_back(service.name);
    }

    void volume(const WantedService& service, const LiveService& now) {
        if (service.volume.empty()) {
            if (!now.volume.empty()) unmanaged(Kind::Volume, service.name, now.volume);
            return;
        }
        if (now.volume_id.empty())
            add({Action::Create, Kind::Volume, service.name, "", "", service.volume, {}, ""});
        else if (now.volume != service.volume)
            add({Action::Update, Kind::Volume, service.name, "", now.volume, service.volume,
                 Impact::Interrupts, "the volume is mounted anew"});
    }

    void variables(const WantedService& service, const LiveService& now) {
        for (const auto& [name, value] : service.variables) {
            const auto live = now.variables.find(name);
            if (live == now.variables.end())
                add({Action::Create, Kind::Variable, service.name, name, "", shown(value), {}, ""});
            else if (live->second.sealed)
                plan_.notes.push_back(
                    fmt::format("{} of {} is sealed: Railway tells nobody its value, so it was not compared",
                                name, service.name));
            else if (!value.text)
                not_compared_.insert(service.name);
            else if (live->second.fingerprint !=
                     fingerprint(live_.fingerprint_key, service.name, name, value.text->reveal()))
                add({Action::Update,
                     Kind::Variable,
                     service.name,
                     name,
                     value.secret || !live->second.text ? std::string(kHidden) : live->second.text->reveal(),
                     shown(value),
                     {},
                     ""});
        }
        const auto ours = declared_names(now.variable(std::string(kNamesVariable)));
        for (const auto& [name, value] : now.variables) {
            if (service.variables.contains(name) || is_bookkeeping(name)) continue;
            const bool was_ours = std::find(ours.begin(), ours.end(), name) != ours.end();
            const bool lacking =
                std::find(service.lacks.begin(), service.lacks.end(), name) != service.lacks.end();
            if (was_ours || options_.prune)
                add({Action::Delete,
                     Kind::Variable,
                     service.name,
                     name,
                     std::string(kHidden),
                     "",
                     {},
                     !was_ours ? "not declared, and --prune was given"
                     : lacking ? "the secrets file does not have it"
                               : "stack.yaml no longer declares it"});
            else
                unmanaged(Kind::Variable, service.name, name);
        }
    }

    // A new deployment takes up image, settings and variables; nothing else does.
    void deployment(const WantedService& service, const LiveService& now, std::size_t first_change) {
        const bool unknown_image = service.image.empty() && now.image.empty();
        if (unknown_image) {
            plan_.notes.push_back(fmt::format("{} has no image yet: it is not deployed", service.name));
            return;
        }
        std::vector<std::string> why;
        for (auto i = first_change; i < plan_.changes.size(); ++i) {
            const auto& change = plan_.changes[i];
            if (change.kind == Kind::Image) why.emplace_back("new image");
            if (change.kind == Kind::Setting || change.kind == Kind::Variable)
                if (std::find(why.begin(), why.end(), "configuration") == why.end())
                    why.emplace_back("configuration");
        }
        const auto& latest = now.deployment;
        if (!latest)
            why = {"never deployed"};
        else if (why.empty()) {
            auto effective = service;
            if (effective.image.empty()) effective.image = now.image;
            if (latest->failed)
                why.push_back(fmt::format("the last deployment is {}", latest->status));
            else if (!latest->active && !latest->in_progress)
                why.push_back(fmt::format("nothing runs: the last deployment is {}", latest->status));
            else if (all_known(service) && is_stale(*latest, now, revision(effective)))
                why.emplace_back("configured since, not deployed");
        }
        if (why.empty()) return;
        Change change{latest ? Action::Update : Action::Create,
                      Kind::Deployment,
                      service.name,
                      "",
                      latest ? latest->image : "",
                      service.image.empty() ? now.image : service.image,
                      {},
                      fmt::format("{}", fmt::join(why, ", "))};
        if (latest && latest->active) {
            if (!service.volume.empty())
                interrupt(change, "its volume goes to one deployment at a time");
            else if (service.settings.health_path.empty())
                interrupt(change, "without a health path the new one counts as ready when it starts");
            else if (service.settings.overlap_seconds == 0)
                interrupt(change, "overlap is 0 s");
            else if (service.settings.drain_seconds == 0)
                interrupt(change, "drain is 0 s: requests under way are cut");
        }
        add(std::move(change));
    }

    // Whether a deployment was started before the last change of what it takes up. Where the platform does
    // not tell with what it was started, what stands in the service's own variable is taken for it. A service
    // that has none of our variables was never ours.
    static bool is_stale(const LiveDeployment& latest, const LiveService& now, const std::string& revision) {
        const auto configured = now.variable(std::string(kRevisionVariable));
        if (configured.empty() && latest.revision.empty()) return false;
        return (latest.revision.empty() ? configured : latest.revision) != revision;
    }

    static void interrupt(Change& change, std::string_view why) {
        change.impact = Impact::Interrupts;
        change.reason.append("; ").append(why);
    }

    static bool all_known(const WantedService& service) {
        return std::all_of(service.variables.begin(), service.variables.end(),
                           [](const auto& entry) { return entry.second.text.has_value(); });
    }

    void domains(const WantedService& service, const LiveService& now) {
        for (const auto& domain : service.domains) {
            const auto live = std::find_if(now.domains.begin(), now.domains.end(),
                                           [&](const LiveDomain& one) { return one.host == domain.host; });
            const auto port = fmt::format(":{}", domain.port);
            if (live == now.domains.end())
                add({Action::Create, Kind::Domain, service.name, domain.host, "", port, {}, ""});
            else if (live->port != domain.port)
                add({Action::Update,
                     Kind::Domain,
                     service.name,
                     domain.host,
                     live->port ? fmt::format(":{}", *live->port) : "a port that Railway guesses",
                     port,
                     {},
                     ""});
            if (!wanted_.dns) continue;
            if (const auto zone = live_.zones.find(domain.host);
                zone != live_.zones.end() && !zone->second.problem.empty()) {
                conflict(fmt::format("{}: {}", domain.host, zone->second.problem));
                continue;
            } else if (zone != live_.zones.end())
                ssl(zone->second);
            records(service, domain, live == now.domains.end() ? nullptr : &*live);
        }
        for (const auto& domain : now.domains)
            if (std::none_of(service.domains.begin(), service.domains.end(),
                             [&](const WantedDomain& one) { return one.host == domain.host; })) {
                if (options_.prune)
                    add({Action::Delete, Kind::Domain, service.name, domain.host, "", "", Impact::Destroys,
                         "nobody reaches the service under this name any more"});
                else
                    unmanaged(Kind::Domain, service.name, domain.host);
            }
    }

    void ssl(const LiveZone& zone) {
        if (zone.ssl == "flexible" || zone.ssl == "off")
            conflict(fmt::format(
                "zone {} has TLS mode {}, with which Railway's redirect to https never ends; set it to Full "
                "(Cloudflare: SSL/TLS, Overview)",
                zone.name, zone.ssl));
        else if (zone.ssl == "strict" && told_.insert("strict " + zone.name).second)
            plan_.notes.push_back(fmt::format(
                "zone {} has TLS mode Full (strict), which fails while Railway has no certificate for a "
                "name of ours; Full is what Railway asks for",
                zone.name));
    }

    void records(const WantedService& service, const WantedDomain& domain, const LiveDomain* live) {
        if (!live || (live->cname_target.empty() && !live->verified)) {
            add({Action::Create,
                 Kind::DnsRecord,
                 service.name,
                 "CNAME " + domain.host,
                 "",
                 std::string(kLater),
                 {},
                 ""});
            add({Action::Create,
                 Kind::DnsRecord,
                 service.name,
                 "TXT of " + domain.host,
                 "",
                 std::string(kLater),
                 {},
                 ""});
            foreign(domain.host, nullptr);
            return;
        }
        for (const auto& record : wanted_records(wanted_.environment, service.name, *live)) {
            const auto item = fmt::format("{} {}", dns::spelling(record.type), record.name);
            const dns::Record* same = nullptr;
            const dns::Record* own = nullptr;
            for (const auto& one : live_.records) {
                if (one.name != record.name) continue;
                if (dns::same_content(one, record)) same = &one;
                if (one.type == record.type && is_ours(one)) own = &one;
            }
            if (same && dns::is_up_to_date(*same, record)) {
                managed_.insert(same->id);
                continue;
            }
            const auto* old = same ? same : own;
            if (old) {
                managed_.insert(old->id);
                add({Action::Update,
                     Kind::DnsRecord,
                     service.name,
                     item,
                     shown(*old),
                     shown(record),
                     {},
                     ""});
            } else {
                if (record.type == dns::RecordType::Cname && foreign(record.name, &record)) continue;
                const auto zone = live_.zones.find(domain.host);
                add({Action::Create,
                     Kind::DnsRecord,
                     service.name,
                     item,
                     "",
                     shown(record),
                     {},
                     "",
                     record,
                     zone == live_.zones.end() ? std::string{} : zone->second.id});
            }
        }
    }

    static std::string shown(const dns::Record& record) {
        return record.content + (record.proxied.value_or(false) ? " proxied" : "");
    }
    static std::string shown(const Value& value) { return plan::shown(value); }

    std::string zone_of(const dns::Record& record) const {
        const auto found = live_.record_zones.find(record.id);
        return found == live_.record_zones.end() ? std::string{} : found->second;
    }

    bool is_ours(const dns::Record& record) const {
        return record.comment.starts_with(record_comment_prefix(wanted_.environment));
    }

    // Somebody else's address record under a name that we want: told, never overwritten.
    bool foreign(const std::string& host, const dns::Record* record) {
        bool found = false;
        for (const auto& one : live_.records) {
            if (one.name != host || is_ours(one)) continue;
            if (record && dns::same_content(one, *record)) continue;
            if (one.type != dns::RecordType::A && one.type != dns::RecordType::Aaaa &&
                one.type != dns::RecordType::Cname)
                continue;
            conflict(fmt::format(
                "{} already has a record {} {} that is not seance's; remove it, or give its comment "
                "the text {} to hand it over",
                host, dns::spelling(one.type), one.content, record_comment_prefix(wanted_.environment)));
            found = true;
        }
        return found;
    }

    void others() {
        for (const auto& service : live_.services) {
            if (wanted_.service(service.name)) continue;
            if (options_.prune)
                add({Action::Delete, Kind::Service, service.name, "", "", "", Impact::Destroys,
                     "the service, its variables and its deployments go"});
            else
                unmanaged(Kind::Service, service.name, "");
        }
    }

    // Our own records that no domain needs any more.
    void records_left_over() {
        for (const auto& record : live_.records) {
            if (!is_ours(record) || managed_.contains(record.id)) continue;
            if (still_needed(record)) continue;
            const auto item = fmt::format("{} {}", dns::spelling(record.type), record.name);
            if (options_.prune)
                add({Action::Delete, Kind::DnsRecord, "", item, record.content, "", Impact::Destroys,
                     "no service declares this name", record, zone_of(record)});
            else
                unmanaged(Kind::DnsRecord, "", item);
        }
    }

    // A name is declared whose records are not known yet: what stands there may be right.
    bool still_needed(const dns::Record& record) const {
        for (const auto& service : wanted_.services)
            for (const auto& domain : service.domains)
                if (record.name == domain.host || record.name.ends_with("." + domain.host) ||
                    record.comment.starts_with(record_comment(wanted_.environment, service.name)))
                    return true;
        return false;
    }

    void add(Change change) { plan_.changes.push_back(std::move(change)); }
    void unmanaged(Kind kind, std::string service, std::string item) {
        plan_.unmanaged.push_back({kind, std::move(service), std::move(item)});
    }
    void conflict(std::string sentence) {
        if (told_.insert(sentence).second) plan_.conflicts.push_back(std::move(sentence));
    }

    const Wanted& wanted_;
    const Live& live_;
    const DiffOptions& options_;
    Plan plan_;
    std::set<std::string> managed_, told_, not_compared_;

  public:
    const std::set<std::string>& not_compared() const { return not_compared_; }
};

}  // namespace

Plan diff(const Wanted& wanted, const Live& live, const DiffOptions& options) {
    Differ differ{wanted, live, options};
    auto plan = differ.run();
    if (!differ.not_compared().empty())
        plan.notes.push_back(fmt::format("the secrets file is locked: secrets of {} were not compared",
                                         fmt::join(differ.not_compared(), ", ")));
    return plan;
}

}  // namespace seance::plan
