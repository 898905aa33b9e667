#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.hpp"
#include "core/base/version.hpp"

namespace seance::cli {

void add_version(CLI::App& app, Context& context) {
    app.add_subcommand("version", "The commit this program was built from")->callback([&context] {
        context.result(context.json ? fmt::format("{{\"schema\":\"seance.version/1\",\"commit\":\"{}\"}}\n",
                                                  built_commit())
                                    : fmt::format("seance {}\n", built_commit()));
    });
}

}  // namespace seance::cli
