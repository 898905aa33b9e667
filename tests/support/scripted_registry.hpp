#pragma once
#include <gtest/gtest.h>

#include "platform/images/registry.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_http.hpp"

namespace seance::images {

using namespace testing_support;

inline Blob blob(std::string bytes) {
    return {"application/octet-stream", digest_of(bytes),
            std::make_shared<const std::string>(std::move(bytes))};
}

inline std::shared_ptr<const Image> image_of(std::vector<Blob> layers) {
    Image image;
    image.name = "app";
    image.layers = std::move(layers);
    image.config = blob("{}");
    image.manifest = blob("{\"schemaVersion\":2}");
    return std::make_shared<const Image>(std::move(image));
}

inline Awaitable<void> push(Registry& registry, std::shared_ptr<const Image> image, Reference target,
                            OnProgress progress, Attempt<Pushed>& out) {
    out = co_await registry.push(std::move(image), std::move(target), std::move(progress));
}
inline Awaitable<void> find(Registry& registry, Reference image, Attempt<std::optional<Resolved>>& out) {
    out = co_await registry.find(std::move(image));
}

// A scripted registry, without authentication, that keeps one upload at a time in memory; `before` may answer
// instead.
struct RegistryTest : testing::Test {
    std::function<std::string(const SeenRequest&)> before = [](const SeenRequest&) { return ""; };
    std::string uploaded;
    std::map<std::string, std::string> blobs;
    std::string range_of_get;  // "": what is there
    ScriptedHttp server{[this](const SeenRequest& request) { return answer(request); }};
    Loop loop;
    http::Client client{loop};
    Credentials credentials;
    RegistryOptions options = [] {
        RegistryOptions fast;
        fast.retry.first_pause = fast.retry.longest_pause = std::chrono::milliseconds(1);
        fast.parallel = 1;
        return fast;
    }();
    std::vector<std::uint64_t> progress;

    static std::string digest_in(const std::string& line) {
        auto at = line.find("digest=sha256%3A");
        return at == std::string::npos ? "" : "sha256:" + line.substr(at + 16, 64);
    }
    std::string location() const { return "Location: /v2/app/blobs/uploads/1?_state=s%3D\r\n"; }
    std::string answer(const SeenRequest& request) {
        if (auto special = before(request); !special.empty()) return special == "hang up" ? "" : special;
        auto is = [&](const char* begin) { return request.line.starts_with(begin); };
        if (is("HEAD")) {
            auto digest = request.line.substr(request.line.rfind('/') + 1);
            return blobs.contains(digest) ? http_answer("200 OK") : http_answer("404 Not Found");
        }
        if (is("POST")) {
            uploaded.clear();
            return http_answer("202 Accepted", location());
        }
        if (is("PATCH") || is("PUT /v2/app/blobs")) uploaded += request.body;
        auto range = "Range: 0-" + std::to_string(uploaded.empty() ? 0 : uploaded.size() - 1) + "\r\n";
        if (is("PATCH")) return http_answer("202 Accepted", location() + range);
        if (is("GET")) return http_answer("204 No Content", location() + range);
        if (is("PUT /v2/app/blobs")) {
            if (digest_of(uploaded) != digest_in(request.line))
                return http_answer("400 Bad", "", R"({"errors":[{"code":"DIGEST_INVALID","message":"m"}]})");
            blobs[digest_of(uploaded)] = uploaded;
            return http_answer("201 Created");
        }
        if (is("PUT /v2/app/manifests"))
            return http_answer("201 Created", "Docker-Content-Digest: " + digest_of(request.body) + "\r\n");
        return http_answer("202 Accepted");
    }
    Attempt<Pushed> pushed(std::shared_ptr<const Image> image) {
        auto target = *parse_reference(server.host() + "/app:1");
        Registry registry(client, target, credentials, options);
        Attempt<Pushed> out = Failure{};
        auto note = [this](const BlobProgress& at) { progress.push_back(at.sent); };
        run(loop, push(registry, std::move(image), target, note, out));
        return out;
    }
    std::string finding(std::shared_ptr<const Image> image) {
        auto out = pushed(std::move(image));
        return out ? "pushed" : out.error().what;
    }
    std::size_t count(const std::string& begin) {
        std::size_t n = 0;
        for (const auto& line : server.lines()) n += line.starts_with(begin) ? 1 : 0;
        return n;
    }
};

}  // namespace seance::images
