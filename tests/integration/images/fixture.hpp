#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/id.hpp"
#include "platform/images/registry.hpp"
#include "tests/integration/images/cutting_proxy.hpp"
#include "tests/integration/images/registry_process.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/run.hpp"

namespace seance::images {

using namespace testing_support;

inline Blob blob_of(std::string bytes) {
    return {"application/vnd.oci.image.layer.v1.tar+gzip", digest_of(bytes),
            std::make_shared<const std::string>(std::move(bytes))};
}

// An image of a layer of text and one of `size` random bytes: nothing of the sort is there yet.
inline std::shared_ptr<const Image> random_image(std::size_t size,
                                                 const Commit& commit = {"0123456", 0, ""}) {
    ImageSpec spec;
    spec.name = "app";
    spec.program = "/app";
    Layer small{blob_of("the same in all images"), digest_of("a"), 1};
    Layer large{blob_of(random_bytes(size)), digest_of("b"), 1};
    return std::make_shared<const Image>(assemble(spec, commit, "amd64", {small, large}));
}

inline Awaitable<void> push_into(Registry& registry, std::shared_ptr<const Image> image, Reference target,
                                 Attempt<Pushed>& out) {
    OnProgress none;
    out = co_await registry.push(std::move(image), std::move(target), std::move(none));
}
inline Awaitable<void> resolve_into(Registry& registry, Reference image, Attempt<Resolved>& out) {
    out = co_await registry.resolve(std::move(image));
}
inline Awaitable<void> tags_into(Registry& registry, std::string repository,
                                 Attempt<std::vector<std::string>>& out) {
    out = co_await registry.tags(std::move(repository));
}
inline Awaitable<void> check_into(Registry& registry, std::string repository, Attempt<void>& out) {
    out = co_await registry.check(std::move(repository));
}
inline Awaitable<void> find_into(DockerConfig config, Reference image, Attempt<Credentials>& out) {
    out = co_await find_credentials(std::move(config), std::move(image));
}

// Runs what a Registry gives to its end, on a loop and with a client of its own.
struct RegistryUser {
    Loop loop;
    http::Client client{loop, registry_client_options()};
    RegistryOptions options = [] {
        RegistryOptions quick;
        quick.retry.first_pause = std::chrono::milliseconds(5);
        quick.retry.longest_pause = std::chrono::milliseconds(20);
        return quick;
    }();

    Reference name(const std::string& host, const std::string& rest) {
        return *parse_reference(host + "/" + rest);
    }
    Attempt<Pushed> push(Registry& registry, std::shared_ptr<const Image> image, const Reference& target) {
        Attempt<Pushed> out = Failure{};
        run(loop, push_into(registry, std::move(image), target, out));
        return out;
    }
    Attempt<Pushed> push(std::shared_ptr<const Image> image, const Reference& target,
                         Credentials credentials = {}) {
        Registry registry(client, target, std::move(credentials), options);
        return push(registry, std::move(image), target);
    }
    Attempt<Resolved> resolve(const Reference& image, Credentials credentials = {}) {
        Registry registry(client, image, std::move(credentials), options);
        Attempt<Resolved> out = Failure{};
        run(loop, resolve_into(registry, image, out));
        return out;
    }
    Attempt<std::vector<std::string>> tags(const Reference& image) {
        Registry registry(client, image, {}, options);
        Attempt<std::vector<std::string>> out = Failure{};
        run(loop, tags_into(registry, image.repository, out));
        return out;
    }
    Attempt<void> check(const Reference& image, Credentials credentials) {
        Registry registry(client, image, std::move(credentials), options);
        Attempt<void> out = Failure{};
        run(loop, check_into(registry, image.repository, out));
        return out;
    }
};

}  // namespace seance::images
