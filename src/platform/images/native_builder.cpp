#include "platform/images/native_builder.hpp"

#include <fmt/format.h>

#include "platform/images/command.hpp"
#include "platform/process/printed_commit.hpp"

namespace seance::images {
namespace {

constexpr Duration kVersionTimeout = std::chrono::seconds(10);

}  // namespace

Awaitable<Attempt<void>> check_commit(std::string program, std::string revision) {
    process::Launch launch;
    launch.program = program;
    launch.args = {"--version"};
    launch.env = own_environment();
    auto ran = co_await run_command(std::move(launch), kVersionTimeout);
    if (!ran) co_return ran.error();
    auto commit = ran->status.success() ? process::printed_commit(ran->output) : std::string();
    if (!commit.empty() && revision.starts_with(commit)) co_return Attempt<void>{};
    Failure failure{
        FailureKind::User,
        fmt::format("{} was built from {}, not from commit {}; run cmake --preset release, then ./dev "
                    "build",
                    program, commit.empty() ? "no commit that it can name" : "commit " + commit,
                    revision.substr(0, 7))};
    co_return failure;
}

Awaitable<Attempt<BuiltImage>> NativeBuilder::build(BuildOrder order) {
    if (order.spec.prints_commit) {
        auto checked = co_await check_commit(order.spec.program, order.commit.revision);
        if (!checked) co_return checked.error();
    }
    auto make = [this, &order] { return images_.build(order.spec, order.commit); };
    auto image = co_await worker_.run(make);
    if (!image) {
        Failure failure{FailureKind::User, image.error().what};
        co_return failure;
    }
    BuiltImage built;
    built.name = order.spec.name;
    built.target = order.target;
    built.image = std::make_shared<const Image>(std::move(*image));
    built.digest = built.image->digest();
    built.compressed = built.image->compressed_size();
    co_return built;
}

Awaitable<Attempt<Pushed>> NativeBuilder::push(BuiltImage image, OnProgress progress) {
    if (registry_) co_return co_await registry_->push(image.image, image.target, std::move(progress));
    Failure failure{FailureKind::User, fmt::format("no registry was given to push {} to", image.name)};
    co_return failure;
}

}  // namespace seance::images
