#include "platform/exports/tofu.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "platform/exports/tofu_text.hpp"
#include "platform/exports/wanted.hpp"

namespace seance::exports {

namespace {

namespace json = boost::json;

constexpr std::string_view kEnvironmentId = "${railway_project.this.default_environment.id}";

// Blocks of one kind by their names; an empty one is left out of the file.
void put(json::object& out, std::string_view kind, json::object blocks) {
    if (!blocks.empty()) out[kind] = std::move(blocks);
}

class Writer {
  public:
    Writer(const Request& request, const Wanted& wanted)
        : request_(request), environment_(request.environment), wanted_(wanted) {}

    Exported write() {
        project();
        for (const auto& unit : wanted_.units) {
            service(unit);
            variables(unit);
            if (!unit.host.empty()) domain(unit);
            note(unit);
        }
        if (environment_.spaces) spaces();
        return {pretty_json(document()), std::move(notes_)};
    }

  private:
    json::object document() {
        const bool cloudflare = !records_.empty(), spaces = environment_.spaces.has_value();
        json::object providers{{"railway", json::object{{"source", "terraform-community-providers/railway"},
                                                        {"version", "~> 0.6.1"}}}};
        json::object configured{{"railway", json::object{}}};
        if (cloudflare) {
            providers["cloudflare"] =
                json::object{{"source", "cloudflare/cloudflare"}, {"version", "~> 5.0"}};
            configured["cloudflare"] = json::object{};
            variables_["cloudflare_zone_id"] = json::object{
                {"type", "string"},
                {"description",
                 tofu_literal(fmt::format("The zone at Cloudflare that {} is in", environment_.domain))}};
            variables_["cloudflare_proxied"] =
                json::object{{"type", "bool"},
                             {"default", true},
                             {"description", "Requests go through Cloudflare; its SSL mode must be Full"}};
        }
        if (spaces) {
            providers["digitalocean"] =
                json::object{{"source", "digitalocean/digitalocean"}, {"version", "~> 2.30"}};
            configured["digitalocean"] = json::object{};
        }
        json::object out{
            {"//", fmt::format(
                       "Made by seance export tofu -e {} for commit {}: make it anew instead of "
                       "editing. Tokens come from the environment: RAILWAY_TOKEN{}{}.",
                       environment_.name, request_.commit, cloudflare ? ", CLOUDFLARE_API_TOKEN" : "",
                       spaces ? ", DIGITALOCEAN_TOKEN, SPACES_ACCESS_KEY_ID, SPACES_SECRET_ACCESS_KEY" : "")},
            {"terraform",
             json::object{{"required_version", ">= 1.6.0"}, {"required_providers", std::move(providers)}}},
            {"provider", std::move(configured)}};
        put(out, "variable", std::move(variables_));
        json::object resources{{"railway_project", json::object{{"this", std::move(project_)}}},
                               {"railway_service", std::move(services_)},
                               {"railway_variable_collection", std::move(collections_)}};
        put(resources, "railway_custom_domain", std::move(domains_));
        put(resources, "cloudflare_dns_record", std::move(records_));
        for (auto& [kind, blocks] : spaces_) resources[kind] = std::move(blocks);
        out["resource"] = std::move(resources);
        put(out, "output", std::move(outputs_));
        return out;
    }

    void project() {
        const auto& given = environment_.railway;
        // Its own environment is the one meant: a second would leave an empty first one.
        project_ = {{"name", tofu_literal(given.project.empty() ? request_.stack.project : given.project)},
                    {"default_environment", json::object{{"name", environment_.name}}}};
        if (given.workspace.empty()) return;
        variables_["railway_workspace_id"] = json::object{
            {"type", "string"},
            {"description", tofu_literal(fmt::format("The id of Railway's workspace {}", given.workspace))}};
        project_["workspace_id"] = "${var.railway_workspace_id}";
    }

    void service(const Unit& unit) {
        const auto& service = *unit.service;
        json::object made{{"name", service.name},
                          {"project_id", "${railway_project.this.id}"},
                          {"source_image", tofu_literal(unit.image)}};
        if (!service.volume.empty())
            made["volume"] =
                json::object{{"name", service.name + "-data"}, {"mount_path", tofu_literal(service.volume)}};
        json::object region;
        if (service.replicas > 1) region["num_replicas"] = service.replicas;
        if (!environment_.railway.region.empty())
            region["region"] = tofu_literal(environment_.railway.region);
        if (!region.empty()) {
            region.emplace("num_replicas", service.replicas);
            made["regions"] = json::array{std::move(region)};
        }
        services_[tofu_name(service.name)] = std::move(made);
    }

    void variables(const Unit& unit) {
        const auto& service = *unit.service;
        json::object values{
            {"RAILWAY_DEPLOYMENT_OVERLAP_SECONDS", std::to_string(whole_seconds(environment_.overlap))},
            {"RAILWAY_DEPLOYMENT_DRAINING_SECONDS", std::to_string(whole_seconds(environment_.drain))}};
        // Images built from source run as another user, who could not write to a volume.
        if (!service.volume.empty() && service.image.empty()) values["RAILWAY_RUN_UID"] = "0";
        for (const auto& [name, value] : unit.variables) {
            values[name] = tofu_template(value);
            for (const auto& piece : value)
                if (piece.kind != Piece::Text) declare(tofu_variable(piece.text), true, piece.text);
        }
        for (const auto& name : unit.secrets) {
            const auto variable = tofu_variable(service.name, name);
            declare(variable, environment_.requires_secret(service.name, name), name + " of " + service.name);
            values[name] = fmt::format("${{var.{}}}", variable);
        }
        const auto name = tofu_name(service.name);
        collections_[name] = json::object{{"environment_id", kEnvironmentId},
                                          {"service_id", fmt::format("${{railway_service.{}.id}}", name)},
                                          {"variables", std::move(values)}};
    }

    void declare(const std::string& name, bool required, const std::string& what) {
        json::object made{{"type", "string"}, {"sensitive", true}, {"description", tofu_literal(what)}};
        // Services take an empty variable as none.
        if (!required) made["default"] = "";
        variables_[name] = std::move(made);
    }

    void domain(const Unit& unit) {
        const auto name = tofu_name(unit.service->name);
        const auto domain = "railway_custom_domain." + name;
        domains_[name] = json::object{{"domain", tofu_literal(unit.host)},
                                      {"environment_id", kEnvironmentId},
                                      {"service_id", fmt::format("${{railway_service.{}.id}}", name)},
                                      {"target_port", unit.service->port}};
        outputs_[name + "_url"] = json::object{{"value", tofu_literal("https://" + unit.host)}};
        if (environment_.dns != stack::DnsKind::Cloudflare) {
            outputs_[name + "_dns"] = json::object{
                {"value", json::object{{"cname", fmt::format("${{{}.dns_record_value}}", domain)},
                                       {"txt_host", verification_host(domain)},
                                       {"txt", verification_text(domain)}}}};
            return;
        }
        records_[name] = json::object{{"zone_id", "${var.cloudflare_zone_id}"},
                                      {"name", tofu_literal(unit.host)},
                                      {"type", "CNAME"},
                                      {"content", fmt::format("${{{}.dns_record_value}}", domain)},
                                      {"ttl", 1},
                                      {"proxied", "${var.cloudflare_proxied}"}};
        // No name of a service has an underscore.
        records_[name + "_verification"] = json::object{{"zone_id", "${var.cloudflare_zone_id}"},
                                                        {"name", verification_host(domain)},
                                                        {"type", "TXT"},
                                                        {"content", verification_text(domain)},
                                                        {"ttl", 1},
                                                        {"proxied", false}};
    }

    // Railway gives the host with or without the zone's name, and the token with or without its prefix.
    static std::string verification_host(std::string_view domain) {
        return fmt::format("${{trimsuffix({0}.verification_host_label, \".${{{0}.zone}}\")}}.${{{0}.zone}}",
                           domain);
    }
    static std::string verification_text(std::string_view domain) {
        return fmt::format(
            "railway-verify=${{trimprefix({}.verification_record_value, \"railway-verify=\")}}", domain);
    }

    void spaces() {
        const auto& given = *environment_.spaces;
        spaces_["digitalocean_spaces_bucket"] =
            json::object{{"this", json::object{{"name", given.bucket}, {"region", given.region}}}};
        if (!wanted_.cors_origins.empty()) {
            json::array origins;
            for (const auto& origin : wanted_.cors_origins)
                origins.push_back(json::string(tofu_literal(origin)));
            spaces_["digitalocean_spaces_bucket_cors_configuration"] = json::object{
                {"this", json::object{{"bucket", "${digitalocean_spaces_bucket.this.name}"},
                                      {"region", "${digitalocean_spaces_bucket.this.region}"},
                                      {"cors_rule", json::array{json::object{
                                                        {"allowed_methods", json::array{"GET", "HEAD"}},
                                                        {"allowed_origins", std::move(origins)},
                                                        {"allowed_headers", json::array{"*"}},
                                                        {"max_age_seconds", 3600}}}}}}};
        }
        spaces_["digitalocean_cdn"] = json::object{
            {"this", json::object{{"origin", "${digitalocean_spaces_bucket.this.bucket_domain_name}"}}}};
    }

    // What the provider's railway_service has no attribute for.
    void note(const Unit& unit) {
        const auto& service = *unit.service;
        const auto missing = [&](std::string_view what) {
            notes_.push_back(
                fmt::format("{} of {} is not set: the provider has no attribute for it; set it once in "
                            "Railway's settings",
                            what, service.name));
        };
        if (service.health.kind == stack::HealthCheck::Http)
            missing(fmt::format("the health check {}", service.health.path));
        if (const auto start = environment_.start.find(service.name); start != environment_.start.end())
            missing(fmt::format("the start command \"{}\"", start->second));
        if (service.resources.cpu > 0 || service.resources.memory_mb > 0) missing("the resource limit");
        if (service.restart != stack::Restart::Always) missing("the restart policy");
        if (!service.volume.empty() && service.replicas > 1)
            notes_.push_back(
                fmt::format("Railway runs one replica of a service with a volume: {} asks for {}",
                            service.name, service.replicas));
        note_files(unit, notes_);
    }

    const Request& request_;
    const stack::Environment& environment_;
    const Wanted& wanted_;
    json::object project_, services_, collections_, variables_, domains_, records_, spaces_, outputs_;
    std::vector<std::string> notes_;
};

// Names of the whole stack's secrets become names of variables.
std::string bad_secret(const Wanted& wanted) {
    for (const auto& unit : wanted.units)
        for (const auto& [name, value] : unit.variables)
            for (const auto& piece : value) {
                if (piece.kind == Piece::Text) continue;
                for (const char c : piece.text)
                    if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z')))
                        return fmt::format(
                            "{} of {} refers to the secret \"{}\", which cannot be the name of a variable of "
                            "OpenTofu: use letters, digits and underscores",
                            name, unit.service->name, piece.text);
            }
    return {};
}

}  // namespace

Outcome<Exported> export_tofu(const Request& request) {
    const auto wanted = fill_in(
        request, [](std::string_view service) { return fmt::format("{}.railway.internal", service); });
    if (!wanted) return wanted.error();
    if (auto what = bad_secret(*wanted); !what.empty()) return Problem{std::move(what)};
    return Writer(request, *wanted).write();
}

}  // namespace seance::exports
