// Builds and pushes the images of all services and prints one JSON line: bench/images/run calls it.
//   images_bench HOST:PORT BIN_FOLDER SOURCE_FOLDER REVISION
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

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

Awaitable<void> build_and_push(NativeBuilder& builder, std::vector<BuildOrder> all) {
    const auto start = Clock::now();
    auto images = co_await build_all(builder, std::move(all));
    const double built = seconds_since(start);
    std::string digests;
    std::uint64_t sent = 0, largest = 0;
    std::size_t uploaded = 0, mounted = 0, present = 0;
    for (auto& image : images) {
        if (!image) throw std::runtime_error(image.error().what);
        largest = std::max(largest, image->compressed);
        digests += fmt::format("{}\"{}\":\"{}\"", digests.empty() ? "" : ",", image->name, image->digest);
        OnProgress none;
        auto pushed = co_await builder.push(*image, std::move(none));
        if (!pushed) throw std::runtime_error(pushed.error().what);
        sent += pushed->bytes_sent;
        uploaded += pushed->uploaded;
        mounted += pushed->mounted;
        present += pushed->present;
    }
    fmt::print(
        "{{\"build_s\":{:.3f},\"total_s\":{:.3f},\"bytes_sent\":{},\"largest\":{},\"uploaded\":{},"
        "\"mounted\":{},\"present\":{},\"digests\":{{{}}}}}\n",
        built, seconds_since(start), sent, largest, uploaded, mounted, present, digests);
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
