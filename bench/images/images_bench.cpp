// Builds and pushes the images of all services and prints one JSON line: bench/images/run calls it.
//   images_bench HOST:PORT BIN_FOLDER SOURCE_FOLDER REVISION
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "core/runtime/task_group.hpp"
#include "platform/images/native_builder.hpp"

namespace {

using namespace seance;
using namespace seance::images;

constexpr const char* kServices[] = {"backend", "beholder", "landing", "litellm", "signaling"};

double seconds_since(Instant start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<BuildOrder> orders(const std::string& host, const std::string& bin, const std::string& source,
                               const std::string& revision) {
    std::vector<BuildOrder> out;
    for (std::string service : kServices) {
        BuildOrder order;
        order.spec.name = service;
        order.spec.program = bin + "/seance-" + service;
        order.spec.port = 8080;
        if (service == "landing") order.spec.files = {{source + "/web/landing", "/srv/landing"}};
        if (service == "litellm")
            order.spec.files = {{source + "/deploy/litellm/config.yaml", "/etc/litellm/config.yaml"}};
        const auto age = std::stol(revision.substr(revision.size() - 6), nullptr, 16);
        order.commit = {revision, 1'764'000'000 + age, ""};
        auto target = parse_reference(fmt::format("{}/seance/{}:{}", host, service, order.commit.tag()));
        if (!target) throw std::runtime_error(target.error().what);
        order.target = *target;
        out.push_back(std::move(order));
    }
    return out;
}

struct Sent {
    std::uint64_t bytes = 0;
    std::size_t images = 0, uploaded = 0, mounted = 0, present = 0;
};

Awaitable<void> push(NativeBuilder& builder, const BuiltImage& image, Sent& sent) {
    OnProgress none;
    auto pushed = co_await builder.push(image, std::move(none));
    if (!pushed) throw std::runtime_error(pushed.error().what);
    ++sent.images;
    sent.bytes += pushed->bytes_sent;
    sent.uploaded += pushed->uploaded;
    sent.mounted += pushed->mounted;
    sent.present += pushed->present;
}

// As seance does: the first image alone, whose layers are then mounted into the others' repositories.
Awaitable<void> build_and_push(NativeBuilder& builder, std::vector<BuildOrder> all) {
    const auto start = Clock::now();
    auto images = co_await build_all(builder, std::move(all));
    const double built = seconds_since(start);
    std::string digests;
    std::uint64_t largest = 0;
    for (auto& image : images) {
        if (!image) throw std::runtime_error(image.error().what);
        largest = std::max(largest, image->compressed);
        digests += fmt::format("{}\"{}\":\"{}\"", digests.empty() ? "" : ",", image->name, image->digest);
    }
    Sent sent;
    co_await push(builder, *images.front(), sent);
    TaskGroup tasks{co_await asio::this_coro::executor};
    for (std::size_t i = 1; i < images.size(); ++i) tasks.spawn(push(builder, *images[i], sent));
    co_await tasks.wait();
    if (sent.images != images.size()) throw std::runtime_error("not every image was pushed");
    fmt::print(
        "{{\"build_s\":{:.3f},\"total_s\":{:.3f},\"bytes_sent\":{},\"largest\":{},\"uploaded\":{},"
        "\"mounted\":{},\"present\":{},\"digests\":{{{}}}}}\n",
        built, seconds_since(start), sent.bytes, largest, sent.uploaded, sent.mounted, sent.present, digests);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: %s HOST:PORT BIN_FOLDER SOURCE_FOLDER REVISION\n", argv[0]);
        return 64;
    }
    try {
        auto all = orders(argv[1], argv[2], argv[3], argv[4]);
        Worker worker(std::max(std::thread::hardware_concurrency(), 1u));
        Loop loop;
        http::Client client(loop, registry_client_options());
        Registry registry(client, all.front().target, {});
        NativeImages images;
        NativeBuilder builder(worker, images, &registry);
        std::exception_ptr failure;
        asio::co_spawn(loop.executor(), build_and_push(builder, std::move(all)),
                       [&](std::exception_ptr thrown) {
                           failure = thrown;
                           loop.stop();
                       });
        loop.run();
        if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 1;
    }
}
