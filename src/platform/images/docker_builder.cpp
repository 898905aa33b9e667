#include "platform/images/docker_builder.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>

#include "core/base/text.hpp"
#include "platform/images/command.hpp"
#include "platform/images/libraries.hpp"

namespace seance::images {
namespace {

namespace fs = std::filesystem;

constexpr Duration kQuestionTimeout = std::chrono::seconds(30);
constexpr std::uint64_t kMostDockerfile = 1 << 20;

std::string json_text(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

// A value between quotes as a Dockerfile reads it: no variable is filled in.
std::string literal(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\' || c == '$') out.push_back('\\');
        out.push_back(c);
    }
    return out + '"';
}

bool is_one_line(std::string_view text) {
    return text.find_first_of("\r\n") == std::string_view::npos;
}

// Dockerfiles are read line by line; a line end inside a value would begin an instruction of its own.
std::optional<Problem> check_lines(const ImageSpec& spec) {
    for (const auto* values : {&spec.env, &spec.labels})
        for (const auto& [name, value] : *values)
            if (!is_one_line(name) || !is_one_line(value))
                return Problem{
                    fmt::format("the image of {}: the value of {} has several lines, which a Dockerfile "
                                "cannot hold; use --builder native",
                                spec.name, one_line(name))};
    return std::nullopt;
}

FailureKind kind_of(std::string_view output) {
    auto has = [text = lower(output)](std::string_view part) { return text.find(part) != std::string::npos; };
    if (has("cannot connect to the docker daemon") || has("connection refused") || has("timeout"))
        return FailureKind::Unreachable;
    if (has("denied") || has("unauthorized") || has("no basic auth")) return FailureKind::Auth;
    return FailureKind::Api;
}

std::string last_line(std::string_view output) {
    auto text = trim(output);
    return one_line(text.substr(text.find_last_of('\n') + 1));
}

// The digest in ["host/repository@sha256:…", …] that belongs to this repository.
std::string repository_digest(std::string_view output, const Reference& target) {
    error_code error;
    auto document = boost::json::parse({output.data(), output.size()}, error);
    const auto* names = error ? nullptr : document.if_array();
    if (!names) return {};
    for (const auto& name : *names) {
        auto reference = name.is_string() ? parse_reference(std::string_view(name.get_string())) : Problem{};
        if (reference && reference->host == target.host && reference->repository == target.repository)
            return reference->digest;
    }
    return {};
}

}  // namespace

std::string dockerfile_for(std::string_view dockerfile, const ImageSpec& spec, const Commit& commit) {
    std::string out(dockerfile);
    if (!out.ends_with('\n')) out += '\n';
    for (const auto& [name, value] : spec.env) out += fmt::format("ENV {}={}\n", name, literal(value));
    if (spec.port != 0) out += fmt::format("EXPOSE {}\n", spec.port);
    for (const auto& [name, value] : labels_of(spec, commit))
        out += fmt::format("LABEL {}={}\n", literal(name), literal(value));
    out += fmt::format("ENTRYPOINT [{}]\n", json_text(program_path(spec)));
    std::string args;
    for (const auto& arg : spec.args) args += (args.empty() ? "" : ", ") + json_text(arg);
    if (!args.empty()) out += fmt::format("CMD [{}]\n", args);
    return out + fmt::format("STOPSIGNAL {}\n", spec.stop_signal);
}

Outcome<std::string> files_argument(const ImageSpec& spec, const std::string& root) {
    std::string out;
    for (const auto& file : spec.files) {
        auto inside = fs::absolute(file.source)
                          .lexically_normal()
                          .lexically_relative(fs::absolute(root).lexically_normal());
        if (inside.empty() || *inside.begin() == "..")
            return Problem{fmt::format("the image of {}: {} is outside of {}, so docker cannot build from it",
                                       spec.name, file.source, root)};
        auto pair = inside.string() + '=' + file.destination;
        if (pair.find_first_of(" \t\r\n") != std::string::npos)
            return Problem{
                fmt::format("the image of {}: {} has a space in its name, which the Dockerfile does not "
                            "take; use --builder native",
                            spec.name, file.source)};
        out += (out.empty() ? "" : " ") + pair;
    }
    return Outcome<std::string>(boost::system::in_place_value, std::move(out));
}

// What the command printed; a Failure with its last line if it failed.
Awaitable<Attempt<std::string>> DockerBuilder::docker(std::vector<std::string> args, std::string input,
                                                      Duration limit, std::string doing) {
    process::Launch launch;
    launch.program = process::find_program({"docker"}, "");
    if (launch.program.empty()) {
        Failure failure{
            FailureKind::User,
            fmt::format("{}: there is no docker on PATH; install it, or use --builder native", doing)};
        co_return failure;
    }
    launch.args = std::move(args);
    launch.env = own_environment();
    launch.env["SOURCE_DATE_EPOCH"] = std::to_string(epoch_);
    launch.env["DOCKER_BUILDKIT"] = "1";
    launch.folder = options_.root;
    launch.input = std::move(input);
    auto ran = co_await run_command(std::move(launch), limit, options_.on_line);
    if (!ran) co_return ran.error();
    if (ran->status.success()) co_return std::move(ran->output);
    Failure failure{kind_of(ran->output), fmt::format("{}: docker failed with {}: {}", doing,
                                                      ran->status.text(), last_line(ran->output))};
    co_return failure;
}

Awaitable<Attempt<BuiltImage>> DockerBuilder::build(BuildOrder order) {
    auto text = read_file((fs::path(options_.root) / options_.dockerfile).string(), kMostDockerfile);
    auto files = files_argument(order.spec, options_.root);
    auto lines = check_lines(order.spec);
    if (!text || !files || lines) {
        Failure failure{FailureKind::User, !text    ? text.error().what
                                           : !files ? files.error().what
                                                    : lines->what};
        co_return failure;
    }
    epoch_ = order.commit.time;
    if (buildx_ < 0) {
        std::vector<std::string> question{"buildx", "version"};
        auto answer = co_await docker(std::move(question), "", kQuestionTimeout, "looking for buildx");
        if (!answer && answer.error().kind == FailureKind::User) co_return answer.error();
        buildx_ = answer ? 1 : 0;
    }
    const auto program = fs::path(order.spec.program).filename().string();
    std::vector<std::string> args;
    if (buildx_ == 1)
        args = {"buildx", "build", "--load", "--provenance=false", "--progress=plain"};
    else
        args = {"build"};
    for (auto* part : {"--platform", options_.platform.c_str(), "--file", "-", "--build-arg"})
        args.emplace_back(part);
    args.push_back("SERVICE=" + order.spec.name);
    for (const auto& argument :
         {"PROGRAM=" + program, "COMMIT=" + order.commit.revision, "FILES=" + *files}) {
        args.emplace_back("--build-arg");
        args.push_back(argument);
    }
    args.emplace_back("--tag");
    args.push_back(order.target.text());
    args.emplace_back(".");
    auto built = co_await docker(std::move(args), dockerfile_for(*text, order.spec, order.commit),
                                 options_.build_timeout, "building " + order.target.text());
    if (!built) co_return built.error();
    BuiltImage image;
    image.name = order.spec.name;
    image.target = order.target;
    co_return image;
}

Awaitable<Attempt<Pushed>> DockerBuilder::push(BuiltImage image, OnProgress) {
    const auto name = image.target.text();
    std::vector<std::string> args{"push", name};
    auto pushed = co_await docker(std::move(args), "", options_.push_timeout, "pushing " + name);
    if (!pushed) co_return pushed.error();
    args = {"image", "inspect", "--format", "{{json .RepoDigests}}", name};
    auto printed = co_await docker(std::move(args), "", kQuestionTimeout, "reading the digest of " + name);
    if (!printed) co_return printed.error();
    Pushed result;
    result.digest = repository_digest(*printed, image.target);
    if (result.digest.empty()) {
        Failure failure{FailureKind::Api, fmt::format("docker pushed {} but does not tell its digest", name)};
        co_return failure;
    }
    result.reference = fmt::format("{}@{}", name, result.digest);
    co_return result;
}

}  // namespace seance::images
