#include "cli/remote/plan_print.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/terminal/table.hpp"
#include "core/base/count.hpp"

namespace seance::cli {

namespace {

using plan::Action;
using plan::Change;
using plan::Impact;
using plan::Kind;

// "docker.io/x/y:abc1234@sha256:0123…" is told by its tag and the digest's beginning.
std::string short_image(const std::string& reference) {
    const auto at = reference.find('@');
    auto name = reference.substr(0, at);
    if (const auto slash = name.rfind('/'); slash != std::string::npos) name.erase(0, slash + 1);
    if (at == std::string::npos) return name;
    auto digest = reference.substr(at + 1);
    if (digest.starts_with("sha256:")) digest = digest.substr(7, 8) + "…";
    return name + " " + digest;
}

std::string shown(const Change& change, const std::string& text) {
    auto out = change.kind == Kind::Image || change.kind == Kind::Deployment ? short_image(text) : text;
    std::replace(out.begin(), out.end(), '\n', ' ');
    if (out.size() > 90) out = out.substr(0, 87) + "…";
    return out;
}

std::string what(const Change& change) {
    const auto before = shown(change, change.before), after = shown(change, change.after);
    std::string text;
    if (change.kind == Kind::Deployment) return change.reason;
    if (!change.item.empty()) text = change.item;
    if (!before.empty() && !after.empty())
        text += fmt::format("{}{} → {}", text.empty() ? "" : "  ", before, after);
    else if (!after.empty())
        text += (text.empty() ? "" : "  ") + after;
    else if (change.action == Action::Delete && change.kind != Kind::Variable && !before.empty())
        text += "  " + before;
    if (!change.reason.empty()) text += fmt::format("  ({})", change.reason);
    return text;
}

std::string traffic(const Change& change, const Style& style) {
    switch (change.impact) {
        case Impact::Interrupts:
            return style.yellow("interrupts traffic");
        case Impact::Destroys:
            return style.red("destroys");
        case Impact::None:
            break;
    }
    return change.kind == Kind::Deployment && change.action == Action::Update ? style.dim("no interruption")
                                                                              : "";
}

std::string sign_of(const Change& change, const Style& style) {
    if (change.kind == Kind::Deployment) return style.bold("↻");
    switch (change.action) {
        case Action::Create:
            return style.green("+");
        case Action::Update:
            return style.yellow("~");
        case Action::Delete:
            break;
    }
    return style.red("-");
}

// What a new service is given, told together: its names say enough, and there are many.
std::vector<Change> folded(const plan::Plan& plan) {
    std::set<std::string> fresh;
    for (const auto& change : plan.changes)
        if (change.kind == Kind::Service && change.action == Action::Create) fresh.insert(change.service);
    std::vector<Change> lines;
    std::map<std::pair<std::string, Kind>, std::size_t> places;
    for (const auto& change : plan.changes) {
        const bool folds =
            fresh.contains(change.service) && (change.kind == Kind::Setting || change.kind == Kind::Variable);
        if (!folds) {
            lines.push_back(change);
            continue;
        }
        const auto [place, first] = places.try_emplace({change.service, change.kind}, lines.size());
        if (first) {
            lines.push_back({Action::Create, change.kind, change.service, change.item, "", "", {}, ""});
            continue;
        }
        lines[place->second].item += ", " + change.item;
    }
    return lines;
}

}  // namespace

std::string print_plan(const plan::Plan& plan, const std::string& subject, const Style& style, bool whole) {
    std::string out = style.bold(fmt::format("seance plan · {}", plan.environment));
    if (!plan.commit.empty())
        out += fmt::format(" · {}{}", plan.commit, subject.empty() ? "" : " \"" + subject + "\"");
    out += "\n\n";
    std::size_t service_width = 4, kind_width = 4;
    for (const auto& change : plan.changes) {
        service_width = std::max(service_width, change.service.size());
        kind_width = std::max(kind_width, name(change.kind).size());
    }
    for (const auto& change : whole ? plan.changes : folded(plan)) {
        const auto end = traffic(change, style), plain_end = traffic(change, Style{false});
        auto text = what(change);
        // Colours take no room. With -v all of it is wanted.
        const auto before = 8 + service_width + kind_width,
                   after = plain_end.empty() ? 0 : plain_end.size() + 2;
        if (!whole && style.width() > before + after + 10) text = cut(text, style.width() - before - after);
        out += fmt::format("  {} {:<{}}  {:<{}}  {}{}{}\n", sign_of(change, style),
                           change.service.empty() ? "·" : change.service, service_width, name(change.kind),
                           kind_width, text, end.empty() ? "" : "  ", end);
    }
    if (!plan.unchanged.empty())
        out += fmt::format("  {} {}\n", style.dim("="),
                           style.dim(fmt::format("{}  unchanged", fmt::join(plan.unchanged, ", "))));
    if (!plan.unmanaged.empty()) {
        out += "\n";
        for (const auto& one : plan.unmanaged)
            out += fmt::format("  {} {}{}{} {} is not ours (left alone; --prune removes it)\n",
                               style.yellow("!"), one.service,
                               one.service.empty() || one.item.empty() ? "" : " ", one.item, name(one.kind));
    }
    for (const auto& note : plan.notes) out += fmt::format("  {} {}\n", style.yellow("!"), note);
    for (const auto& conflict : plan.conflicts) out += fmt::format("  {} {}\n", style.red("✘"), conflict);
    if (plan.empty())
        out += "\nNothing to do: what is live is what is declared.\n";
    else
        out += fmt::format("\nPlan: {} to add, {} to change, {} to destroy · {}\n",
                           plan.count(Action::Create), plan.count(Action::Update), plan.count(Action::Delete),
                           count(plan.deployments(), "deployment"));
    return out;
}

}  // namespace seance::cli
