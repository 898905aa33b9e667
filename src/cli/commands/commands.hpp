#pragma once
#include "cli/context.hpp"

namespace CLI {
class App;
}

namespace seance::cli {

// Each adds one verb to the program; its callback sets the context's exit code.
void add_up(CLI::App& app, Context& context);
void add_down(CLI::App& app, Context& context);
void add_restart(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_logs(CLI::App& app, Context& context);
void add_verify(CLI::App& app, Context& context);
void add_domains(CLI::App& app, Context& context);
void add_cost(CLI::App& app, Context& context);
void add_secrets(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_keys(CLI::App& app, Context& context);
void add_build(CLI::App& app, Context& context);
void add_plan(CLI::App& app, Context& context);
void add_deploy(CLI::App& app, Context& context);
void add_rehearse(CLI::App& app, Context& context);
void add_releases(CLI::App& app, Context& context);
void add_rollback(CLI::App& app, Context& context);
void add_init(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);

}  // namespace seance::cli
