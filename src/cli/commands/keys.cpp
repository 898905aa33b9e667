#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.hpp"
#include "core/base/hash.hpp"
#include "core/base/id.hpp"

namespace seance::cli {

namespace {

int keys_new(Context& context) {
    const auto key = hex(random_bytes(32));
    const auto hash = sha256_hex(key);
    if (context.json) {
        context.result(
            fmt::format("{{\"schema\":\"seance.key/1\",\"key\":\"{}\",\"sha256\":\"{}\"}}\n", key, hash));
        return kDone;
    }
    context.result(fmt::format("key     {}\nsha256  {}\n", key, hash));
    context.note(
        "The key is shown this once: give it to the builder. The hash goes into BUILDER_KEY_HASHES.");
    return kDone;
}

}  // namespace

void add_keys(CLI::App& app, Context& context) {
    auto* keys = app.add_subcommand("keys", "Builder keys");
    keys->require_subcommand(1);
    keys->add_subcommand("new", "Make a builder key and its SHA-256 hash")->callback([&context] {
        context.exit_code = keys_new(context);
    });
}

}  // namespace seance::cli
