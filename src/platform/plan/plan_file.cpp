#include "platform/plan/plan_file.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/hash.hpp"
#include "platform/remote/json_view.hpp"

namespace seance::plan {

namespace {

namespace json = boost::json;
using remote::JsonView;

constexpr std::string_view kSchema = "seance.plan/1";
constexpr Kind kKinds[] = {Kind::Project,  Kind::Environment, Kind::Service,   Kind::Volume,
                           Kind::Bucket,   Kind::BucketCors,  Kind::Image,     Kind::Setting,
                           Kind::Variable, Kind::Domain,      Kind::DnsRecord, Kind::Deployment};
constexpr Action kActions[] = {Action::Create, Action::Update, Action::Delete};

json::object print(const Change& change) {
    return {{"id", change.id()},
            {"action", name(change.action)},
            {"kind", name(change.kind)},
            {"service", change.service},
            {"item", change.item},
            {"before", change.before},
            {"after", change.after},
            {"interrupts", change.impact == Impact::Interrupts},
            {"destroys", change.impact == Impact::Destroys},
            {"reason", change.reason}};
}

json::array print(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) out.emplace_back(text);
    return out;
}

json::object body(const PlanFile& file) {
    json::array changes, unmanaged;
    for (const auto& change : file.plan.changes) changes.push_back(print(change));
    for (const auto& one : file.plan.unmanaged)
        unmanaged.push_back(
            json::object{{"kind", name(one.kind)}, {"service", one.service}, {"item", one.item}});
    json::object images;
    for (const auto& [service, image] : file.images)
        images[service] = json::object{
            {"reference", image.reference}, {"content", image.content}, {"commit", image.commit}};
    return {{"schema", kSchema},
            {"project", file.plan.project},
            {"environment", file.plan.environment},
            {"commit", file.plan.commit},
            {"changes", std::move(changes)},
            {"unmanaged", std::move(unmanaged)},
            {"unchanged", print(file.plan.unchanged)},
            {"conflicts", print(file.plan.conflicts)},
            {"notes", print(file.plan.notes)},
            {"images", std::move(images)},
            {"secrets_sha256", file.secrets_sha256}};
}

template <class Enum, std::size_t N>
std::optional<Enum> named(const Enum (&all)[N], std::string_view text) {
    for (auto one : all)
        if (name(one) == text) return one;
    return std::nullopt;
}

std::vector<std::string> texts(JsonView view) {
    std::vector<std::string> out;
    for (auto item : view.items()) out.push_back(item.text_or());
    return out;
}

}  // namespace

std::string PlanFile::etag() const {
    auto object = body(*this);
    // What could not be looked up while building is told once, and is no part of what was planned.
    object.erase("notes");
    return sha256_hex(json::serialize(object)).substr(0, 32);
}

json::object to_json(const PlanFile& file) {
    auto object = body(file);
    object["etag"] = file.etag();
    return object;
}

Outcome<PlanFile> parse_plan_file(std::string_view text) {
    const auto value = remote::parse_json(text);
    if (!value) return Problem{"it is no JSON"};
    const JsonView root(*value);
    if (root["schema"].text_or() != kSchema)
        return Problem{
            fmt::format("it is no plan of the form {}: make one with seance -e ENV plan -o FILE", kSchema)};
    PlanFile file;
    file.plan.project = root["project"].text_or();
    file.plan.environment = root["environment"].text_or();
    file.plan.commit = root["commit"].text_or();
    for (auto item : root["changes"].items()) {
        const auto action = named(kActions, item["action"].text_or());
        const auto kind = named(kKinds, item["kind"].text_or());
        if (!action || !kind) return Problem{"it holds a change of a kind that this seance does not know"};
        const auto impact = item["destroys"].boolean().value_or(false)     ? Impact::Destroys
                            : item["interrupts"].boolean().value_or(false) ? Impact::Interrupts
                                                                           : Impact::None;
        file.plan.changes.push_back({*action, *kind, item["service"].text_or(), item["item"].text_or(),
                                     item["before"].text_or(), item["after"].text_or(), impact,
                                     item["reason"].text_or()});
    }
    for (auto item : root["unmanaged"].items())
        if (const auto kind = named(kKinds, item["kind"].text_or()))
            file.plan.unmanaged.push_back({*kind, item["service"].text_or(), item["item"].text_or()});
    file.plan.unchanged = texts(root["unchanged"]);
    file.plan.conflicts = texts(root["conflicts"]);
    file.plan.notes = texts(root["notes"]);
    if (const auto* images = root["images"].object())
        for (const auto& entry : *images) {
            const JsonView image(entry.value());
            file.images[std::string(entry.key())] = {image["reference"].text_or(), image["content"].text_or(),
                                                     image["commit"].text_or()};
        }
    file.secrets_sha256 = root["secrets_sha256"].text_or();
    if (root["etag"].text_or() != file.etag())
        return Problem{"it was changed after it was made: make it again with seance -e ENV plan -o FILE"};
    return file;
}

}  // namespace seance::plan
