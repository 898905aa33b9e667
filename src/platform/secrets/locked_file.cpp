#include "platform/secrets/locked_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "platform/secrets/file_bytes.hpp"

namespace seance::secrets {

namespace {

using YAML::Node;

std::string scalar(const Node& node) {
    return node && node.IsScalar() ? node.Scalar() : std::string();
}

// What names a recipient in each list of the `sops` section. Of several parts the first names it.
struct RecipientKind {
    const char *list, *id, *more;
};
constexpr RecipientKind kRecipientKinds[] = {
    {"age", "recipient", ""},
    {"pgp", "fp", ""},
    {"kms", "arn", ""},
    {"gcp_kms", "resource_id", ""},
    {"azure_kv", "vault_url", "name"},
    {"hc_vault", "vault_address", "key_name"},
    {"hckms", "key_id", ""},
};

void add_recipients(const Node& keys, std::vector<Recipient>& out) {
    if (!keys.IsMap()) return;
    for (const auto& kind : kRecipientKinds) {
        const Node list = keys[kind.list];
        if (!list || !list.IsSequence()) continue;
        for (const auto& entry : list) {
            if (!entry.IsMap()) continue;
            auto id = scalar(entry[kind.id]);
            if (auto more = *kind.more != '\0' ? scalar(entry[kind.more]) : ""; !more.empty())
                id += " " + more;
            if (!id.empty()) out.push_back({kind.list, std::move(id)});
        }
    }
}

constexpr std::string_view kEncrypted = "ENC[", kType = ",type:";

LockedName locked(std::string group, std::string name, const Node& value) {
    LockedName made{std::move(group), std::move(name), LockedName::Encrypted, Value::Form::Text};
    if (value.IsMap() || value.IsSequence()) {
        made.kind = LockedName::NotText;
        made.form = value.IsMap() ? Value::Form::Mapping : Value::Form::List;
        return made;
    }
    const auto text = scalar(value);
    if (value.IsNull() || text.empty()) {
        made.kind = LockedName::Empty;
    } else if (!text.starts_with(kEncrypted) || !text.ends_with(']')) {
        made.kind = LockedName::InClear;
    } else if (const auto at = text.rfind(kType); at != std::string::npos) {
        const auto type = text.substr(at + kType.size(), text.size() - at - kType.size() - 1);
        if (type == "float") made.form = Value::Form::Fraction;
        if (type == "time") made.form = Value::Form::Time;
    }
    return made;
}

Failure invalid(const std::string& path, const std::string& finding) {
    return {Reason::Invalid, fmt::format("{} {}", path, finding)};
}

Outcome<LockedFile> read_tree(const Node& root, const std::string& path) {
    if (!root.IsMap()) return invalid(path, "is not a mapping of names to values, or of groups to them");
    const Node sops = root["sops"];
    if (!sops || !sops.IsMap() || scalar(sops["mac"]).empty())
        return Failure{
            Reason::NotEncrypted,
            fmt::format("{} IS NOT ENCRYPTED: everyone who can read it has its values. Encrypt it now with "
                        "`sops encrypt --in-place {}`; if it was ever committed or sent anywhere, replace "
                        "every value in it",
                        path, path)};
    LockedFile file;
    for (const auto& entry : root) {
        if (!entry.first.IsScalar()) return invalid(path, "has a key that is no text");
        const auto key = entry.first.Scalar();
        if (key == "sops") continue;
        if (!entry.second.IsMap()) {
            file.names.push_back(locked("", key, entry.second));
            continue;
        }
        for (const auto& inner : entry.second) {
            if (!inner.first.IsScalar()) return invalid(path, "has a key that is no text");
            file.names.push_back(locked(key, inner.first.Scalar(), inner.second));
        }
    }
    add_recipients(sops, file.recipients);
    if (const Node groups = sops["key_groups"]; groups && groups.IsSequence()) {
        for (const auto& group : groups) add_recipients(group, file.recipients);
        file.groups_needed = sops["shamir_threshold"].as<std::size_t>(groups.size());
    }
    file.last_modified = scalar(sops["lastmodified"]);
    return file;
}

}  // namespace

std::vector<std::string> LockedFile::recipient_texts() const {
    std::vector<std::string> texts;
    for (const auto& one : recipients) texts.push_back(one.kind + " " + one.id);
    return texts;
}

Bundle LockedFile::outline() const {
    Bundle bundle;
    for (const auto& one : names) {
        Value value;
        value.form = one.form;
        if (one.form == Value::Form::Text && one.kind != LockedName::Empty) value.form = Value::Form::Locked;
        (one.group.empty() ? bundle.flat : bundle.groups[one.group]).insert_or_assign(one.name, value);
    }
    return bundle;
}

Outcome<LockedFile> parse_locked(std::string_view text, const std::string& path) {
    try {
        // Not LoadAll(): in yaml-cpp 0.7 it makes documents without end of a text such as ",".
        if (text.find("\n---") != std::string_view::npos)
            return invalid(path, "has several YAML documents; put all into one");
        const Node root = YAML::Load(std::string(text));
        if (root.IsNull()) return invalid(path, "is empty");
        return read_tree(root, path);
    } catch (const YAML::Exception& error) {
        // Its own words may quote the file, which may hold values in clear.
        if (error.mark.is_null()) return invalid(path, "is not YAML that can be read");
        return invalid(path, fmt::format("is not YAML that can be read: see line {}", error.mark.line + 1));
    }
}

Outcome<LockedFile> read_locked(const std::string& path) {
    auto file = read_file(path);
    if (!file) return file.error();
    return parse_locked(text_of(file->bytes), path);
}

}  // namespace seance::secrets
