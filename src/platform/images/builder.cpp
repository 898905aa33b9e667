#include "platform/images/builder.hpp"

#include "platform/images/side_by_side.hpp"

namespace seance::images {
namespace {

struct Builds {
    ImageBuilder& builder;
    std::vector<BuildOrder> orders;
    std::vector<Attempt<BuiltImage>> results;
    std::size_t next = 0;
};

Awaitable<void> build_some(std::shared_ptr<Builds> builds) {
    while (builds->next < builds->orders.size()) {
        auto index = builds->next++;
        auto order = builds->orders[index];
        try {
            auto built = co_await builds->builder.build(std::move(order));
            builds->results[index] = std::move(built);
        } catch (const std::exception& fault) {  // out of memory, a disk that fails
            builds->results[index] = Failure{FailureKind::Api, fault.what()};
        }
    }
}

}  // namespace

Awaitable<std::vector<Attempt<BuiltImage>>> build_all(ImageBuilder& builder, std::vector<BuildOrder> orders) {
    const auto count = orders.size();
    auto builds = std::make_shared<Builds>(Builds{builder, std::move(orders), {}, 0});
    builds->results.assign(count, Failure{FailureKind::Api, "the build was interrupted"});
    std::function<Awaitable<void>()> make = [builds] { return build_some(builds); };
    co_await run_side_by_side(builder.parallel(), std::move(make));
    co_return std::move(builds->results);
}

}  // namespace seance::images
