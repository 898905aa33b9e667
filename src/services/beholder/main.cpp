#include "services/beholder/app.hpp"

int main(int argc, char** argv) {
    using namespace seance;
    auto environment = config::process_environment();
    config::Reader read(environment);
    auto settings = beholder::read_settings(read);
    if (auto code = begin_service(argc, argv, "seance-beholder",
                                  "first-party reverse proxy in front of PostHog", read))
        return *code;
    ServiceOptions options;
    options.threads = settings.threads;
    options.drain_timeout = settings.drain_timeout;
    return run_service(options, [&](Loop& loop, unsigned index) {
        return std::make_unique<beholder::App>(loop, index, settings);
    });
}
