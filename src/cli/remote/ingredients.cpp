#include "cli/remote/ingredients.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/remote/run_on.hpp"
#include "core/base/hash.hpp"
#include "core/runtime/core_dumps.hpp"
#include "platform/secrets/assess.hpp"
#include "platform/secrets/secret_source.hpp"

namespace seance::cli {

namespace {

// Of the group `seance`, used without being named in stack.yaml.
const std::vector<std::string> kOwnUses{"registry_user", "registry_password"};

int exit_code_of(secrets::Reason reason) {
    switch (reason) {
        case secrets::Reason::NoTool:
        case secrets::Reason::NoKey:
            return kNoCredentials;
        case secrets::Reason::TimedOut:
        case secrets::Reason::Failed:
            return kFailed;
        default:
            return kBadConfig;
    }
}

// What the tool itself may use: its group, and the flat names.
secrets::Values own_of(const secrets::Bundle& bundle) {
    auto own = bundle.flat;
    if (const auto group = bundle.groups.find(std::string(secrets::kOwnGroup)); group != bundle.groups.end())
        for (const auto& [name, value] : group->second) own.insert_or_assign(name, value);
    return own;
}

void take_values(Secrets& made, const Manifest& manifest, const secrets::Bundle& bundle) {
    made.values.emplace();
    for (auto& [service, variables] : secrets::variables_of(bundle, manifest.stack, manifest.environment))
        (*made.values)[service] = variables;
    auto& own = (*made.values)[std::string(secrets::kOwnGroup)];
    for (const auto& [name, value] : own_of(bundle))
        if (secrets::is_usable(value)) own[name] = value.text;
}

void take_names(Secrets& made, const Manifest& manifest, const secrets::Bundle& outline) {
    for (const auto& service : manifest.stack.services)
        for (const auto& name : manifest.environment.secrets_of(service))
            if (outline.find(service.name, name)) made.names[service.name].push_back(name);
    if (const auto own = outline.groups.find(std::string(secrets::kOwnGroup)); own != outline.groups.end())
        for (const auto& [name, value] : own->second)
            made.names[std::string(secrets::kOwnGroup)].push_back(name);
}

}  // namespace

std::optional<SpacesKeys> Secrets::spaces_keys(const stack::Stack& stack) const {
    if (!values) return std::nullopt;
    for (const auto& service : stack.services) {
        const auto group = values->find(service.name);
        if (group == values->end()) continue;
        const auto id = group->second.find("SPACES_ACCESS_KEY_ID");
        const auto secret = group->second.find("SPACES_SECRET_ACCESS_KEY");
        if (id != group->second.end() && secret != group->second.end())
            return SpacesKeys{id->second.reveal(), secret->second};
    }
    return std::nullopt;
}

std::optional<Secrets> read_secrets(Context& context, const Manifest& manifest, Need need) {
    Secrets made;
    // A rehearsal brings secrets of its own.
    const auto environment = process_environment();
    const auto moved = environment.find("SEANCE_SECRETS_FILE");
    const auto name = moved == environment.end() ? manifest.environment.secrets_file : moved->second;
    if (name.empty()) {
        made.values.emplace();
        return made;
    }
    forbid_core_dumps();
    const auto path = (std::filesystem::path(manifest.root) / name).string();
    {
        std::ifstream file(path, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        if (file || !bytes.empty()) made.file_sha256 = sha256_hex(bytes);
    }
    auto source = secrets::source_of(path, process_environment());
    const auto outline = source->names();
    if (!outline) {
        const auto& failure = outline.error();
        context.exit_code =
            context.fail(exit_code_of(failure.reason), "SECRETS_FILE", failure.what,
                         std::filesystem::exists(path)
                             ? secrets::how_to_edit(name)
                             : secrets::how_to_make(name) + "\n  " + context.rehearse_hint("secrets file"));
        return std::nullopt;
    }
    Loop loop;
    auto read = run_on(loop, source->read());
    if (!read) {
        context.exit_code = kInterrupted;
        return std::nullopt;
    }
    const bool opened = read->has_value();
    if (!opened) {
        const auto& failure = read->error();
        const bool locked =
            failure.reason == secrets::Reason::NoKey || failure.reason == secrets::Reason::NoTool;
        if (!locked || need == Need::Values) {
            context.exit_code = context.fail(exit_code_of(failure.reason), "SECRETS_FILE", failure.what);
            return std::nullopt;
        }
        made.locked_because = failure.what;
    }
    const auto bundle = opened ? read->value() : outline->outline();
    const auto assessed = secrets::assess(manifest.stack, manifest.environment, bundle, kOwnUses);
    std::string blocking;
    for (const auto& finding : assessed.findings) {
        if (need == Need::Review && finding.kind == secrets::Finding::Missing &&
            finding.group != secrets::kOwnGroup)
            made.absent.emplace_back(finding.group, finding.name);
        else if (finding.blocks)
            blocking += (blocking.empty() ? "" : "\n  ") + finding.sentence;
        else
            made.warnings.push_back(finding.sentence);
    }
    if (!blocking.empty()) {
        context.exit_code = context.fail(kBadConfig, "SECRETS_MISSING", blocking, secrets::how_to_edit(name));
        return std::nullopt;
    }
    take_names(made, manifest, outline->outline());
    if (opened) take_values(made, manifest, bundle);
    return made;
}

void put_over(plan::Ingredients& ingredients, const Addresses& addresses) {
    if (!addresses.spaces.empty()) ingredients.overrides["spaces.endpoint"] = addresses.spaces;
    if (!addresses.spaces_cdn.empty()) ingredients.overrides["spaces.cdn"] = addresses.spaces_cdn;
}

}  // namespace seance::cli
