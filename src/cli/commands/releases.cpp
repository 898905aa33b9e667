#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>

#include "cli/commands/commands.hpp"
#include "cli/remote/past.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/terminal/table.hpp"
#include "cli/usage.hpp"
#include "core/base/count.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;
using releases::Release;
using releases::Verdict;

struct ReleasesOptions {
    std::size_t most = 10;
    std::string show;  // a commit
};

std::string title(const Release& release) {
    if (release.by_hand) return "by hand";
    return release.commit + (release.guessed ? "?" : "");
}

std::string number(const Release& release) {
    return release.number > 0 ? releases::handle(release) : "-";
}

// A service has two parts in a release that brought it back to what ran before.
void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::string outcome(const Release& release) {
    std::string text(releases::name(release.outcome));
    if (release.outcome == Verdict::Partly || release.outcome == Verdict::Failed) {
        std::vector<std::string> failed;
        for (const auto& part : release.parts)
            if (part.ending == releases::Ending::Failed) add_once(failed, part.service);
        text += fmt::format(" ({} failed)", fmt::join(failed, ", "));
    }
    if (!release.back_to.empty())
        text += fmt::format(", back to {} (r{})", release.back_to, release.back_to_number);
    return text;
}

std::string when(const Release& release) {
    // "2026-08-21 10:00:00"
    auto text = release.began.substr(0, 19);
    if (const auto t = text.find('T'); t != std::string::npos) text[t] = ' ';
    return text;
}

std::string services(const Release& release) {
    std::vector<std::string> names;
    for (const auto& part : release.parts) add_once(names, part.service);
    return fmt::format("{}", fmt::join(names, ", "));
}

json::object to_json(const Release& release) {
    json::array parts;
    for (const auto& part : release.parts)
        parts.push_back(json::object{{"service", part.service},
                                     {"deployment", part.deployment},
                                     {"status", part.status},
                                     {"outcome", releases::name(part.ending)},
                                     {"image", part.image}});
    json::object state;
    for (const auto& [service, running] : release.state)
        state[service] = json::object{{"image", running.image},
                                      {"commit", running.commit},
                                      {"deployment", running.deployment},
                                      {"platform_rollback", running.can_return}};
    json::object made{{"number", nullptr},          {"back_to_number", nullptr},
                      {"commit", release.commit},   {"began", release.began},
                      {"seconds", nullptr},         {"who", release.who},
                      {"by_hand", release.by_hand}, {"commit_guessed", release.guessed},
                      {"back_to", release.back_to}, {"outcome", releases::name(release.outcome)},
                      {"current", release.current}, {"deployments", std::move(parts)},
                      {"state", std::move(state)}};
    if (release.seconds) made["seconds"] = *release.seconds;
    if (release.number > 0) made["number"] = release.number;
    if (release.back_to_number > 0) made["back_to_number"] = release.back_to_number;
    return made;
}

void print_list(const Context& context, const std::vector<Release>& history, std::size_t most) {
    Table table({"", "", "COMMIT", "WHEN (UTC)", "TOOK", "OUTCOME", "SERVICES", "WHO"});
    for (std::size_t i = 0; i < history.size() && i < most; ++i) {
        const auto& one = history[i];
        table.add({one.current ? "●" : "", number(one), title(one), when(one),
                   one.seconds ? fmt::format("{:.1f} s", *one.seconds) : "-", outcome(one), services(one),
                   one.who.empty() ? "-" : one.who},
                  5,
                  one.outcome == Verdict::Good                                         ? &Style::green
                  : one.outcome == Verdict::Running || one.outcome == Verdict::Unknown ? &Style::yellow
                                                                                       : &Style::red);
    }
    std::string out = history.empty() ? "nothing was deployed yet\n" : table.print(context.result_style());
    if (history.size() > most)
        out += fmt::format("\n{}: -n {}\n", count(history.size() - most, "older one"), history.size());
    context.result(out);
}

int show(Context& context, const std::vector<Release>& history, const std::string& commit) {
    const auto found = releases::find(history, commit);
    if (!found)
        return context.fail(
            kNotThere, "NO_RELEASE", fmt::format("there is no release {}", commit),
            fmt::format("those there are: {}", fmt::join(releases::near_ones(history, commit), ", ")));
    const auto& one = history[*found];
    if (context.json) {
        auto made = to_json(one);
        made["schema"] = "seance.release/1";
        context.result(json::serialize(made) + "\n");
        return kDone;
    }
    Table table({"SERVICE", "COMMIT", "IMAGE", "DEPLOYMENT"});
    for (const auto& [service, running] : one.state)
        table.add(
            {service, running.commit.empty() ? "-" : running.commit, running.image, running.deployment});
    context.result(fmt::format("{} {}  {}  {}{}\nchanged: {}\n\n{}", number(one),
                               context.result_style().bold(title(one)), when(one), outcome(one),
                               one.current ? "  (what runs)" : "", services(one),
                               table.print(context.result_style())));
    return kDone;
}

int list(Context& context, const ReleasesOptions& options) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (is_local(context, *manifest, "releases")) return context.exit_code;
    auto reach = Reach::open(context, *manifest, std::nullopt, false);
    if (!reach) return context.exit_code;
    const auto wanted = outline(*manifest, false);
    auto seen = look(context, *reach, wanted);
    if (!seen) return context.exit_code;
    railway::Whereabouts where{seen->state.project, seen->state.environment};
    const auto history = read_releases(context, *reach, where);
    if (!history) return context.exit_code;
    if (!options.show.empty()) return show(context, *history, options.show);
    if (!context.json) {
        print_list(context, *history, options.most);
        return kDone;
    }
    json::array made;
    for (std::size_t i = 0; i < history->size() && i < options.most; ++i)
        made.push_back(to_json((*history)[i]));
    context.result(json::serialize(json::object{{"schema", "seance.releases/1"},
                                                {"project", wanted.project},
                                                {"environment", manifest->environment.name},
                                                {"total", history->size()},
                                                {"releases", std::move(made)}}) +
                   "\n");
    return kDone;
}

}  // namespace

void add_releases(CLI::App& app, Context& context) {
    auto options = std::make_shared<ReleasesOptions>();
    auto* command = app.add_subcommand("releases", "What was deployed when, by whom, and how it ended");
    command->add_option("-n", options->most, "At most so many")
        ->check(whole_number(1, 200))
        ->type_name("N")
        ->capture_default_str();
    auto* one = command->add_subcommand("show", "What every service ran at the end of a release");
    one->add_option("commit", options->show, "Its commit, or its beginning, or its number (r12)")
        ->required()
        ->type_name("RELEASE");
    command->callback([&context, options] { context.exit_code = list(context, *options); });
}

}  // namespace seance::cli
