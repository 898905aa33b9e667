#include "cli/remote/image_there.hpp"

#include <fmt/format.h>

#include "cli/remote/run_on.hpp"
#include "core/runtime/task_group.hpp"
#include "platform/images/registry.hpp"

namespace seance::cli {

namespace {

Awaitable<images::Attempt<bool>> is_there(http::Client& client, images::Reference image) {
    auto config = images::read_docker_config();
    if (!config) co_return remote::Failure{remote::FailureKind::User, config.error().what};
    auto credentials = co_await images::find_credentials(*config, image);
    if (!credentials) co_return credentials.error();
    images::Registry registry{client, image, std::move(*credentials)};
    auto found = co_await registry.find(image);
    if (!found) co_return found.error();
    co_return found->has_value();
}

Awaitable<void> look(http::Client& client, std::string name, std::string mapped, ImagesThere& made) {
    auto reference = images::parse_reference(mapped);
    if (!reference) {
        made.notes.push_back(fmt::format("{}: {}", name, reference.error().what));
        co_return;
    }
    auto there = co_await is_there(client, *reference);
    if (!there)
        made.notes.push_back(fmt::format("whether {} is still in its registry cannot be seen from here: {}",
                                         name, there.error().what));
    else if (!*there)
        made.gone.push_back(name);
}

Awaitable<bool> look_all(Reach& reach, const std::vector<std::string>& images, ImagesThere& made) {
    auto executor = co_await asio::this_coro::executor;
    TaskGroup tasks{executor};
    const auto& addresses = reach.addresses();
    for (const auto& image : images) {
        auto mapped = addresses.registry_name(image);
        // In a rehearsal other registries are stood in for.
        if (addresses.rehearsal() && mapped == image) continue;
        tasks.spawn(look(reach.client(), image, std::move(mapped), made));
    }
    co_await tasks.wait();
    co_return true;
}

}  // namespace

ImagesThere look_for_images(Reach& reach, const std::vector<std::string>& images) {
    ImagesThere made;
    run_on(reach.loop(), look_all(reach, images, made));
    return made;
}

}  // namespace seance::cli
