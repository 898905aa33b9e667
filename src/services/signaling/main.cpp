#include "services/signaling/app.hpp"

int main(int argc, char** argv) {
    using namespace seance;
    auto environment = config::process_environment();
    config::Reader read(environment);
    auto settings = signaling::read_settings(read);
    if (auto code = begin_service(argc, argv, "seance-signaling",
                                  "rooms in which y-webrtc peers find each other", read))
        return *code;
    ServiceOptions options;
    options.drain_timeout = settings.drain_timeout;
    return run_service(
        options, [&](Loop& loop, unsigned) { return std::make_unique<signaling::App>(loop, settings); });
}
