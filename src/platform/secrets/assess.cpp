#include "platform/secrets/assess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "platform/stack/field_reader.hpp"
#include "platform/stack/references.hpp"

namespace seance::secrets {

namespace {

// A name that somebody wants from a group, or from outside of any.
struct Want {
    std::string by;  // "backend", "BUILDER_KEY_HASHES of backend"
    bool required = false;
};
using Wants = std::map<std::string, std::map<std::string, Want>>;  // group → name

constexpr std::string_view kReferences[] = {"secret.", "secret_sha256."};

void add_references(std::string_view text, const std::string& by, const stack::Environment& environment,
                    Wants& wants) {
    const auto names = stack::references_in(text);
    if (!names) return;  // told when stack.yaml is read
    for (const auto& reference : *names)
        for (const auto prefix : kReferences)
            if (auto name = reference.substr(std::min(prefix.size(), reference.size()));
                reference.starts_with(prefix) && !environment.generate.contains(name))
                wants[std::string(kOwnGroup)].emplace(name, Want{by, true});
}

Wants wants_of(const stack::Stack& stack, const stack::Environment& environment,
               std::span<const std::string> used_by_seance) {
    Wants wants;
    for (const auto& service : stack.services) {
        for (const auto& name : environment.secrets_of(service))
            wants[service.name].emplace(name,
                                        Want{service.name, environment.requires_secret(service.name, name)});
        for (const auto& [name, value] : stack::variables(service, environment))
            add_references(value, name + " of " + service.name, environment, wants);
        for (const auto& check : service.verify)
            for (const auto& [key, value] : check.settings)
                add_references(value, key + " in verify of " + service.name, environment, wants);
    }
    for (const auto& name : used_by_seance)
        wants[std::string(kOwnGroup)].emplace(name, Want{std::string(kOwnGroup), false});
    return wants;
}

std::string place(const std::string& group, const std::string& name) {
    return group.empty() ? name : group + "." + name;
}

class Examination {
  public:
    Examination(const stack::Stack& stack, const stack::Environment& environment, const Bundle& bundle,
                std::span<const std::string> used_by_seance)
        : bundle_(bundle),
          file_(environment.secrets_file.empty() ? "the secrets file" : environment.secrets_file),
          wants_(wants_of(stack, environment, used_by_seance)) {
        for (const auto& service : stack.services) groups_.push_back(service.name);
        groups_.emplace_back(kOwnGroup);
    }

    Assessment made() {
        for (const auto& [group, names] : wants_)
            for (const auto& [name, want] : names) wanted(group, name, want);
        for (const auto& [group, values] : bundle_.groups) group_in_file(group, values);
        for (const auto& [name, value] : bundle_.flat) flat_in_file(name);
        auto& findings = assessment_.findings;
        std::stable_partition(findings.begin(), findings.end(),
                              [](const Finding& finding) { return finding.blocks; });
        return std::move(assessment_);
    }

  private:
    void wanted(const std::string& group, const std::string& name, const Want& want) {
        const auto* value = bundle_.find(group, name);
        if (value == nullptr) {
            if (want.required)
                add(Finding::Missing, group, name, true,
                    fmt::format("{} is missing: {} requires it and {} does not have it{}; add it under {}",
                                place(group, name), want.by, file_, like_unused(group, name), group));
            else if (group != kOwnGroup)
                assessment_.without.emplace_back(group, name);
            return;
        }
        const auto own = bundle_.groups.find(group);
        const bool grouped = own != bundle_.groups.end() && own->second.contains(name);
        examine(grouped ? group : "", name, *value, want);
    }

    // A value that somebody wants, where it stands.
    void examine(const std::string& group, const std::string& name, const Value& value, const Want& want) {
        const auto where = fmt::format("{} in {}", place(group, name), file_);
        const auto tell = [&](Finding::Kind kind, bool blocks, std::string_view finding) {
            add(kind, group, name, blocks, fmt::format("{} {}", where, finding));
        };
        using Form = Value::Form;
        if (value.form == Form::Locked) return;
        if (value.form == Form::List || value.form == Form::Mapping)
            return tell(Finding::NotText, true,
                        fmt::format("is a {}; a variable holds a text: write it as one, in quotes",
                                    value.form == Form::List ? "list" : "mapping"));
        if (value.form == Form::Fraction || value.form == Form::Time)
            return tell(Finding::NotText, true,
                        fmt::format("was taken for a {}, which YAML does not keep as typed (1e5, 3.10, "
                                    "2026-01-30): write it in quotes",
                                    value.form == Form::Time ? "date" : "number"));
        const auto& text = value.text.reveal();
        if (text.empty())
            return tell(Finding::Empty, want.required,
                        want.required ? fmt::format("is empty, and {} requires it", want.by)
                                      : "is empty, so nobody is given it: write a value or remove the name");
        if (text.find('\0') != std::string::npos)
            return tell(Finding::ZeroByte, true,
                        "holds a zero byte, which no variable can: encode it, for example with base64");
        if (text.starts_with(kPlaceholder))
            return tell(Finding::Placeholder, true,
                        "still has the placeholder of the example: write a value or remove the name");
        if (text.find('\n') == text.size() - 1)
            tell(Finding::LineBreak, false,
                 "ends with a line break, which becomes part of the variable: write it on one line, or with "
                 "|- for |, unless that is meant");
    }

    void group_in_file(const std::string& group, const Values& values) {
        if (std::ranges::find(groups_, group) == groups_.end())
            return add(Finding::Extra, group, "", false,
                       fmt::format("{} in {} is no service of stack.yaml{}, so nobody is given what is in it",
                                   group, file_, did_you_mean(group, groups_)));
        const auto declared = names_wanted(group);
        for (const auto& [name, value] : values) {
            if (std::ranges::find(declared, name) != declared.end()) continue;
            if (!bad_name(group, name)) extra(group, name, declared);
        }
    }

    void flat_in_file(const std::string& name) {
        std::vector<std::string> declared;
        for (const auto& [group, names] : wants_)
            for (const auto& [one, want] : names) declared.push_back(one);
        if (std::ranges::find(declared, name) != declared.end()) return;
        if (!bad_name("", name)) extra("", name, declared);
    }

    bool bad_name(const std::string& group, const std::string& name) {
        if (stack::is_variable(name)) return false;
        add(Finding::BadName, group, name, false,
            fmt::format("{} in {} is no name of a variable: letters, digits and _, no digit first",
                        place(group, name), file_));
        return true;
    }

    void extra(const std::string& group, const std::string& name, const std::vector<std::string>& declared) {
        const auto by = group.empty()        ? "no service declares it"
                        : group == kOwnGroup ? "nothing in stack.yaml refers to it"
                                             : group + " does not declare it";
        add(Finding::Extra, group, name, false,
            fmt::format("{} in {} goes nowhere: {}{}", place(group, name), file_, by,
                        did_you_mean(name, declared)));
    }

    // " (did you mean STRIPE_KEY?)" of what the file has for the group and nobody wants.
    std::string like_unused(const std::string& group, const std::string& name) const {
        const auto declared = names_wanted(group);
        std::vector<std::string> unused;
        const auto take = [&](const Values& values) {
            for (const auto& [one, value] : values)
                if (std::ranges::find(declared, one) == declared.end()) unused.push_back(one);
        };
        if (const auto own = bundle_.groups.find(group); own != bundle_.groups.end()) take(own->second);
        take(bundle_.flat);
        const auto similar = nearest(name, unused);
        return similar.empty() ? "" : fmt::format(" (it has {})", similar);
    }

    std::vector<std::string> names_wanted(const std::string& group) const {
        std::vector<std::string> names;
        if (const auto found = wants_.find(group); found != wants_.end())
            for (const auto& [name, want] : found->second) names.push_back(name);
        return names;
    }

    void add(Finding::Kind kind, const std::string& group, const std::string& name, bool blocks,
             std::string sentence) {
        // A flat value that several services want is told of once, or twice if it blocks only one of them.
        if (!told_.insert({kind, group, name, blocks}).second) return;
        assessment_.findings.push_back({kind, group, name, blocks, std::move(sentence)});
    }

    const Bundle& bundle_;
    std::string file_;
    Wants wants_;
    std::vector<std::string> groups_;
    std::set<std::tuple<Finding::Kind, std::string, std::string, bool>> told_;
    Assessment assessment_;
};

}  // namespace

Assessment assess(const stack::Stack& stack, const stack::Environment& environment, const Bundle& bundle,
                  std::span<const std::string> used_by_seance) {
    return Examination(stack, environment, bundle, used_by_seance).made();
}

}  // namespace seance::secrets
