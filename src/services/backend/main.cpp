#include "services/backend/app.hpp"

int main(int argc, char** argv) {
    using namespace seance;
    auto environment = config::process_environment();
    config::Reader read(environment);
    auto settings = backend::read_settings(read);
    if (auto code =
            begin_service(argc, argv, "seance-backend",
                          "the API: publishes releases into object storage, update feeds, billing", read))
        return *code;
    ServiceOptions options;
    options.drain_timeout = settings.drain_timeout;
    return run_service(options,
                       [&](Loop& loop, unsigned) { return std::make_unique<backend::App>(loop, settings); });
}
