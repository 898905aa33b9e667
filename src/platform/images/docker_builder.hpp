#pragma once
#include <functional>
#include <string>
#include <vector>

#include "platform/images/builder.hpp"

namespace seance::images {

struct DockerOptions {
    std::string root;                                     // the checkout: what the Dockerfile builds from
    std::string dockerfile = "deploy/docker/Dockerfile";  // relative to it
    std::string platform = "linux/amd64";
    std::function<void(std::string_view line)> on_line;  // what docker prints
    Duration build_timeout = std::chrono::minutes(60);
    Duration push_timeout = std::chrono::minutes(30);
};

// Images that the docker command builds from a multi-stage Dockerfile and pushes with its own login. For
// those who build on a system other than the one that the images run on.
class DockerBuilder final : public ImageBuilder {
  public:
    explicit DockerBuilder(DockerOptions options) : options_(std::move(options)) {}

    Awaitable<Attempt<BuiltImage>> build(BuildOrder order) override;
    Awaitable<Attempt<Pushed>> push(BuiltImage image, OnProgress progress) override;

  private:
    Awaitable<Attempt<std::string>> docker(std::vector<std::string> args, std::string input, Duration limit,
                                           std::string doing);

    DockerOptions options_;
    std::int64_t epoch_ = 0;  // SOURCE_DATE_EPOCH of the build under way
    int buildx_ = -1;         // not asked yet, 0 missing, 1 there
};

// The Dockerfile's text with what the spec says at its end: ENV, EXPOSE, LABEL, ENTRYPOINT, CMD, STOPSIGNAL.
std::string dockerfile_for(std::string_view dockerfile, const ImageSpec& spec, const Commit& commit);

// The spec's files as the Dockerfile's ARG FILES: "web/landing=/srv/landing …", sources relative to `root`.
Outcome<std::string> files_argument(const ImageSpec& spec, const std::string& root);

}  // namespace seance::images
