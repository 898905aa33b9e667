#include <fmt/format.h>

#include <cstdio>

#include "core/observe/log.hpp"
#include "services/landing/app.hpp"

int main(int argc, char** argv) {
    using namespace seance;
    auto environment = config::process_environment();
    config::Reader read(environment);
    auto settings = landing::read_settings(read);
    if (auto code = begin_service(argc, argv, "seance-landing", "the product's website", read)) return *code;
    try {
        landing::Site site(landing::index_options(settings));
        ServiceOptions options;
        options.threads = settings.threads;
        options.drain_timeout = settings.drain_timeout;
        return run_service(options, [&](Loop& loop, unsigned index) {
            return std::make_unique<landing::App>(loop, index, settings, site);
        });
    } catch (const std::exception& fault) {
        fmt::print(stderr, "seance-landing: {}\n", fault.what());
        observe::flush();
        return 1;
    }
}
