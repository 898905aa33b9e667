#include <fmt/format.h>

#include <chrono>

#include "core/config/unusable.hpp"
#include "services/signaling/app.hpp"
#include "services/signaling/idle_settings.hpp"
#include "services/signaling/replay/command.hpp"

namespace {

// A publish is worth some 50 µs of work, and somebody waits for it. On a machine where others compute, the
// kernel's own turns of 1 to 3 ms are what its latency would be.
constexpr seance::Duration kTurn = std::chrono::microseconds(500);

}  // namespace

int main(int argc, char** argv) {
    using namespace seance;
    if (signaling::is_replay(argc, argv)) return signaling::replay_command(argc, argv);
    auto environment = config::process_environment();
    config::Reader read(environment);
    auto settings = signaling::read_settings(read);
    if (auto code =
            begin_service(argc, argv, "seance-signaling", "rooms in which y-webrtc peers find each other",
                          read, signaling::kReplayUsage))
        return *code;
    signaling::warn_of_idle(signaling::find_idle(environment, settings));
    try {
        signaling::Shared shared(settings);
        ServiceOptions options;
        options.threads = settings.threads;
        options.drain_timeout = settings.drain_timeout;
        options.short_turns = kTurn;
        return run_service(options, [&](Loop& loop, unsigned index) {
            return std::make_unique<signaling::App>(loop, index, settings, shared);
        });
    } catch (const std::exception& error) {
        fmt::print(stderr, "seance-signaling: {}\n", error.what());
        return dynamic_cast<const config::Unusable*>(&error) ? 65 : 1;
    }
}
