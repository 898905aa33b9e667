#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.hpp"
#include "cli/remote/environment.hpp"
#include "cli/remote/prepare.hpp"
#include "cli/terminal/table.hpp"
#include "platform/remote/both.hpp"
#include "platform/remote/timestamp.hpp"
#include "platform/targets/railway/spending.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;

struct Answers {
    std::vector<railway::Usage> usage, estimate;
    railway::Project project;
};

Awaitable<remote::Reply<Answers>> read(railway::Api& api, railway::ProjectId project) {
    auto both = remote::both(api.usage(project), api.estimated_usage(project));
    auto [used, details] = co_await remote::both(std::move(both), api.project(project));
    auto& [usage, estimate] = used;
    if (!usage) co_return usage.error();
    if (!estimate) co_return estimate.error();
    if (!details) co_return details.error();
    Answers made;
    made.usage = std::move(*usage);
    made.estimate = std::move(*estimate);
    made.project = std::move(*details);
    co_return made;
}

std::string dollars(double amount) {
    return fmt::format("{:.2f} $", amount);
}

// An estimate is what was used so far, times the rest of the period: of the first minutes it is nonsense.
constexpr Duration kEarly = std::chrono::hours(24);

bool is_early(const railway::Project& project) {
    const auto began = remote::parse_timestamp(project.created_at);
    return began && std::chrono::system_clock::now() - *began < kEarly;
}

int cost(Context& context) {
    auto manifest = context.manifest();
    if (!manifest || is_local(context, *manifest, "cost")) return context.exit_code;
    auto remote = find_remote(context, *manifest);
    if (!remote) return context.exit_code;
    auto& reach = *remote->reach;
    auto answers = ask(context, reach, read(reach.session().api, remote->place.project), "reading the usage");
    if (!answers) return context.exit_code;
    std::map<std::string, std::string> names;
    for (const auto& service : answers->project.services) names[service.id.text()] = service.name;
    const auto spending = railway::spending_of(answers->usage, answers->estimate, names);
    const double budget = manifest->environment.budget_dollars;
    const bool early = is_early(answers->project);
    const bool over = !early && budget > 0 && spending.estimate > budget;
    const auto estimate = [early](double amount) {
        return early ? std::string("too early") : dollars(amount);
    };

    if (context.json) {
        json::array services;
        for (const auto& one : spending.services)
            services.push_back(json::object{{"service", one.service},
                                            {"month_to_date", one.month_to_date},
                                            {"estimate", early ? json::value() : json::value(one.estimate)}});
        json::object out{{"schema", "seance.cost/1"},
                         {"project", answers->project.name},
                         {"currency", "USD"},
                         {"services", std::move(services)},
                         {"month_to_date", spending.month_to_date},
                         {"estimate", early ? json::value() : json::value(spending.estimate)},
                         {"too_early", early},
                         {"budget", nullptr},
                         {"over_budget", over}};
        if (budget > 0) out["budget"] = budget;
        context.result(json::serialize(out) + "\n");
    } else {
        Table table({"SERVICE", "SO FAR", "ESTIMATE"});
        for (const auto& one : spending.services)
            table.add({one.service, dollars(one.month_to_date), estimate(one.estimate)});
        table.add({"all", dollars(spending.month_to_date), estimate(spending.estimate)});
        auto out = table.print(context.result_style());
        if (early)
            out += fmt::format("\nthe project is not a day old: {} is known then\n",
                               budget > 0 ? "whether it keeps to its budget of " + dollars(budget)
                                          : std::string("what a month comes to"));
        else if (budget > 0)
            out += fmt::format("\nbudget of {}: {} a month, the estimate is {:.0f} % of it\n",
                               manifest->environment.name, dollars(budget), spending.estimate / budget * 100);
        context.result(out);
        context.note(fmt::format(
            "This billing period of the whole project {} at list prices, without the subscription (which "
            "includes usage: Hobby 5 $, Pro 20 $).",
            answers->project.name));
    }
    if (over)
        context.note(fmt::format(
            "{} the estimate of {} is over the budget of {} (budget of environment {} in stack.yaml)",
            context.note_style().yellow("!"), dollars(spending.estimate), dollars(budget),
            manifest->environment.name));
    return kDone;
}

}  // namespace

void add_cost(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("cost", "What this month has cost and will cost, against the budget");
    command->callback([&context] { context.exit_code = cost(context); });
}

}  // namespace seance::cli
