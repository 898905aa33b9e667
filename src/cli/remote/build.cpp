#include "cli/remote/build.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "cli/remote/prepare.hpp"
#include "cli/remote/run_on.hpp"
#include "cli/remote/shippable.hpp"
#include "core/base/count.hpp"
#include "core/base/elapsed.hpp"
#include "core/base/text.hpp"
#include "core/runtime/task_group.hpp"
#include "platform/images/command.hpp"
#include "platform/images/content.hpp"
#include "platform/images/docker_builder.hpp"
#include "platform/images/native_builder.hpp"
#include "platform/process/child.hpp"

namespace seance::cli {

namespace {

using plan::Event;
using plan::Trouble;

constexpr Duration kBuildLimit = std::chrono::minutes(60);

Trouble trouble_of(const remote::Failure& failure) {
    switch (failure.kind) {
        case remote::FailureKind::Auth:
            return {Trouble::Why::Credentials, failure.what,
                    "docker login, or ask for the right to push there"};
        case remote::FailureKind::NotFound:
            return {Trouble::Why::NotThere, failure.what, ""};
        case remote::FailureKind::Unreachable:
            return {Trouble::Why::Unknown, failure.what, "run the same command again"};
        default:
            return {Trouble::Why::Failed, failure.what, ""};
    }
}

class Pipeline {
  public:
    Pipeline(const Manifest& manifest, Loop& loop, http::Client& client, const Addresses& addresses,
             const BuildOptions& options, const plan::Report& report)
        : manifest_(manifest),
          loop_(loop),
          client_(client),
          addresses_(addresses),
          options_(options),
          report_(report) {}

    Awaitable<plan::Attempt<Build>> run() {
        std::string rev = options_.commit.empty() ? "HEAD" : options_.commit;
        auto commit = co_await releases::read_commit(manifest_.root, std::move(rev));
        if (!commit)
            co_return Trouble{options_.commit.empty() ? Trouble::Why::Failed : Trouble::Why::NotThere,
                              commit.error().what, ""};
        build_.commit = std::move(*commit);
        build_.tag = build_.commit.tag();
        const bool from_registry = options_.skip_build || !build_.commit.is_head;
        if (!from_registry)
            if (auto trouble = check_clean()) co_return *trouble;
        for (const auto& service : manifest_.stack.services)
            if (options_.only_service.empty() || options_.only_service == service.name)
                wanted_.push_back(&service);
        if (wanted_.empty())
            co_return Trouble{Trouble::Why::NotThere,
                              fmt::format("there is no service {}{}", options_.only_service,
                                          did_you_mean(options_.only_service, names_of(manifest_.stack))),
                              ""};
        {
            TaskGroup tasks{loop_.executor()};
            for (const auto* service : wanted_)
                if (!service->image.empty())
                    tasks.spawn(pin(*service));
                else if (from_registry)
                    tasks.spawn(find(*service));
            co_await tasks.wait();
        }
        if (trouble_) co_return *trouble_;
        if (!from_registry)
            if (auto trouble = co_await make()) co_return *trouble;
        co_return std::move(build_);
    }

  private:
    std::optional<Trouble> check_clean() {
        if (build_.commit.changed.empty()) return std::nullopt;
        const auto files = fmt::format("{}", fmt::join(build_.commit.changed, ", "));
        const bool commits_alone = manifest_.environment.name == "production";
        if (options_.only_looks) {
            build_.notes.push_back(
                fmt::format("the checkout has changes that are in no commit, which this plan is of: {}; "
                            "commit them to deploy{}",
                            files, commits_alone ? "" : ", or give --allow-dirty"));
        } else if (commits_alone)
            return Trouble{
                Trouble::Why::Refused,
                fmt::format(
                    "production takes commits alone, and the checkout has changes that are in none: {}",
                    files),
                "commit them (the commit is the image's tag)"};
        else if (!options_.allow_dirty)
            return Trouble{Trouble::Why::Refused,
                           fmt::format("the checkout has changes that are in no commit: {}", files),
                           "commit them (the commit is the image's tag), or give --allow-dirty"};
        build_.tag += "-dirty";
        return std::nullopt;
    }

    std::string image_name(const stack::Service& service) const {
        return fmt::format("{}/{}-{}", manifest_.stack.registry, manifest_.stack.project, service.name);
    }

    // The registry that has this image, one for each host. With the credentials of `docker login`.
    Awaitable<images::Attempt<images::Registry*>> registry_of(const images::Reference& image) {
        auto found = registries_.find(image.host);
        if (found != registries_.end()) co_return found->second.get();
        auto config = images::read_docker_config();
        if (!config) co_return remote::Failure{remote::FailureKind::User, config.error().what};
        auto credentials = co_await images::find_credentials(*config, image);
        if (!credentials) co_return credentials.error();
        auto& made = registries_[image.host];
        if (!made) made = std::make_unique<images::Registry>(client_, image, std::move(*credentials));
        co_return made.get();
    }

    Awaitable<images::Attempt<std::string>> digest_of(std::string name) {
        auto reference = images::parse_reference(addresses_.registry_name(name));
        if (!reference) co_return remote::Failure{remote::FailureKind::User, reference.error().what};
        auto registry = co_await registry_of(*reference);
        if (!registry) co_return registry.error();
        auto resolved = co_await (*registry)->resolve(*reference);
        if (!resolved) co_return resolved.error();
        co_return resolved->digest;
    }

    // A third party's image: by digest, so that what was planned is what is pulled.
    Awaitable<void> pin(const stack::Service& service) {
        BuiltService made;
        made.service = service.name;
        made.image.reference = service.image;
        if (addresses_.rehearsal())
            build_.notes.push_back(fmt::format("in a rehearsal {} is {}, and not pinned", service.image,
                                               service.programs.empty()
                                                   ? "stood in for if it is Valkey or Redis, else not there"
                                                   : "stood in for"));
        else if (service.image.find('@') == std::string::npos) {
            auto digest = co_await digest_of(service.image);
            if (digest)
                made.image.reference += "@" + *digest, made.pinned = true;
            else if (options_.push)
                co_return fail(trouble_of(digest.error()));
            else {
                build_.notes.push_back(
                    fmt::format("{} is not pinned to a digest: {}", service.image, digest.error().what));
                made.image.reference.clear();  // not compared
            }
        }
        build_.services.push_back(std::move(made));
    }

    // Our own image of another commit, from the registry.
    Awaitable<void> find(const stack::Service& service) {
        const auto name = image_name(service) + ":" + build_.tag;
        auto digest = co_await digest_of(name);
        if (!digest) co_return fail(trouble_of(digest.error()));
        BuiltService made;
        made.service = service.name;
        made.image = {name + "@" + *digest, "", build_.tag};
        made.unchanged = true;
        build_.services.push_back(std::move(made));
    }

    Awaitable<std::optional<Trouble>> make() {
        std::vector<images::BuildOrder> orders;
        std::vector<std::string> names;
        for (const auto* service : wanted_) {
            if (!service->image.empty()) continue;
            auto order = order_of(*service);
            if (!order) co_return order.error();
            if (options_.builder == "native")
                if (const auto found = unshippable(manifest_.stack, *service, order->spec.program))
                    co_return Trouble{Trouble::Why::Failed,
                                      fmt::format("no image of {}: {}", service->name, found->finding),
                                      found->fix};
            orders.push_back(std::move(*order));
            names.push_back(service->name);
        }
        if (orders.empty()) co_return std::nullopt;
        auto builder = co_await make_builder(orders.front().target);
        if (!builder) co_return trouble_of(builder.error());
        const auto started =
            begin("images/build", fmt::format("build {} of {}", count(orders.size(), "image"), build_.tag));
        auto built = co_await images::build_all(**builder, orders);
        if (needs_programs(built) && !manifest_.stack.build.empty()) {
            if (auto trouble = co_await build_programs()) co_return trouble;
            for (std::size_t i = 0; i < orders.size(); ++i) {
                auto again = order_of(*manifest_.stack.service(names[i]));
                if (!again) co_return again.error();
                orders[i] = std::move(*again);
            }
            built = co_await images::build_all(**builder, orders);
        }
        for (const auto& one : built)
            if (!one) {
                end("images/build", started, false, one.error().what);
                auto trouble = trouble_of(one.error());
                if (one.error().kind == remote::FailureKind::User && trouble.hint.empty())
                    trouble.hint =
                        "programs are taken from build/bin beside stack.yaml (or from beside seance, if it "
                        "lies "
                        "in that checkout), else from beside seance, else from PATH";
                co_return trouble;
            }
        end("images/build", started, true, "done");
        // The first alone: what it brings to the registry is mounted in the others' repositories.
        co_await finish(**builder, names.front(), orders.front(), *built.front());
        TaskGroup tasks{loop_.executor()};
        for (std::size_t i = 1; i < orders.size() && !trouble_; ++i)
            tasks.spawn(finish(**builder, names[i], orders[i], *built[i]));
        co_await tasks.wait();
        if (trouble_) co_return trouble_;
        co_return std::nullopt;
    }

    plan::Attempt<images::BuildOrder> order_of(const stack::Service& service) {
        images::BuildOrder order;
        order.spec.name = service.name;
        order.spec.program = process::find_program(service.programs, manifest_.root);
        if (order.spec.program.empty())
            order.spec.program = service.programs.empty() ? service.name : service.programs.front();
        for (const auto& [source, destination] : service.files)
            order.spec.files.push_back(
                {(std::filesystem::path(manifest_.root) / source).string(), destination});
        order.spec.port = service.port;
        // A tag that says "dirty" is not the commit that a program was built from.
        order.spec.prints_commit = service.prints_commit && build_.tag == build_.commit.tag();
        order.commit = {build_.commit.revision, build_.commit.time, build_.commit.source};
        auto target =
            images::parse_reference(addresses_.registry_name(image_name(service)) + ":" + build_.tag);
        if (!target)
            return Trouble{Trouble::Why::Failed, target.error().what, "correct registry in stack.yaml"};
        order.target = *target;
        return order;
    }

    Awaitable<images::Attempt<images::ImageBuilder*>> make_builder(const images::Reference& target) {
        if (options_.builder == "docker") {
            images::DockerOptions docker;
            docker.root = manifest_.root;
            docker.on_line = [this](std::string_view line) {
                report_({Event::Type::StepProgress, "images/build", std::string(line)});
            };
            builder_ = std::make_unique<images::DockerBuilder>(docker);
            co_return builder_.get();
        }
        images::Registry* registry = nullptr;
        if (options_.push) {
            auto found = co_await registry_of(target);
            if (!found) co_return found.error();
            registry = *found;
        }
        builder_ = std::make_unique<images::NativeBuilder>(worker_, natives_, registry);
        co_return builder_.get();
    }

    static bool needs_programs(const std::vector<images::Attempt<images::BuiltImage>>& built) {
        return std::any_of(built.begin(), built.end(), [](const auto& one) {
            return !one && one.error().kind == remote::FailureKind::User;
        });
    }

    Awaitable<std::optional<Trouble>> build_programs() {
        const auto& command = manifest_.stack.build;
        const auto started =
            begin("images/programs", fmt::format("build programs: {}", fmt::join(command, " ")));
        process::Launch launch;
        launch.program = process::find_program({command.front()}, manifest_.root);
        if (launch.program.empty())
            co_return Trouble{Trouble::Why::Failed,
                              fmt::format("{} (build in stack.yaml) is not there", command.front()), ""};
        launch.args.assign(command.begin() + 1, command.end());
        launch.env = images::own_environment();
        launch.folder = manifest_.root;
        auto tell = [this](std::string_view line) {
            report_({Event::Type::StepProgress, "images/programs", std::string(line)});
        };
        auto ran = co_await images::run_command(std::move(launch), kBuildLimit, tell);
        if (!ran) co_return trouble_of(ran.error());
        end("images/programs", started, ran->status.success(), ran->status.success() ? "done" : "failed");
        if (ran->status.success()) co_return std::nullopt;
        co_return Trouble{Trouble::Why::Failed, fmt::format("{} failed", fmt::join(command, " ")),
                          ran->output.substr(ran->output.size() > 2000 ? ran->output.size() - 2000 : 0)};
    }

    Awaitable<void> finish(images::ImageBuilder& builder, std::string name, const images::BuildOrder& order,
                           images::BuiltImage built) {
        BuiltService made;
        made.service = name;
        made.compressed = built.compressed;
        made.image.commit = build_.tag;
        if (built.image) {
            auto content = images::content_of(order.spec, *built.image, order.commit);
            if (content) made.image.content = *content;
        }
        auto digest = built.digest;
        if (options_.push) {
            const auto id = name + "/push";
            const auto started =
                begin(id, fmt::format("push {}:{}", image_name(*manifest_.stack.service(name)), build_.tag));
            auto progress = [this, id,
                             sent = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>{}](
                                const images::BlobProgress& blob) mutable {
                sent[std::string(blob.digest)] = {blob.sent, blob.total};
                std::uint64_t done = 0, total = 0;
                for (const auto& [each, bytes] : sent) {
                    done += bytes.first;
                    total += bytes.second;
                }
                report_({Event::Type::StepProgress, id,
                         fmt::format("{:.1f} of {:.1f} MB", static_cast<double>(done) / 1e6,
                                     static_cast<double>(total) / 1e6)});
            };
            images::OnProgress on_progress = progress;
            auto pushed = co_await builder.push(std::move(built), std::move(on_progress));
            if (!pushed) {
                end(id, started, false, pushed.error().what);
                co_return fail(trouble_of(pushed.error()));
            }
            digest = pushed->digest;
            made.sent = pushed->bytes_sent;
            made.unchanged = pushed->unchanged;
            end(id, started, true,
                pushed->unchanged ? "there already"
                                  : fmt::format("{:.1f} MB sent", static_cast<double>(made.sent) / 1e6));
        }
        // Without a digest (an engine that has not pushed) it cannot be said what would run.
        if (!digest.empty())
            made.image.reference =
                fmt::format("{}:{}@{}", image_name(*manifest_.stack.service(name)), build_.tag, digest);
        build_.services.push_back(std::move(made));
    }

    Instant begin(std::string id, std::string text) {
        report_({Event::Type::StepStart, std::move(id), std::move(text)});
        return Clock::now();
    }
    void end(std::string id, Instant started, bool ok, std::string text) {
        report_({Event::Type::StepEnd, std::move(id), std::move(text), ok, ms_since(started)});
    }
    void fail(Trouble trouble) {
        if (!trouble_) trouble_ = std::move(trouble);
    }

    const Manifest& manifest_;
    Loop& loop_;
    http::Client& client_;
    const Addresses& addresses_;
    const BuildOptions& options_;
    const plan::Report& report_;
    Build build_;
    std::vector<const stack::Service*> wanted_;
    std::map<std::string, std::unique_ptr<images::Registry>> registries_;
    images::NativeImages natives_;
    Worker worker_{4};
    std::unique_ptr<images::ImageBuilder> builder_;
    std::optional<Trouble> trouble_;
};

}  // namespace

std::map<std::string, plan::Image> Build::images() const {
    std::map<std::string, plan::Image> made;
    for (const auto& one : services)
        if (!one.image.reference.empty()) made[one.service] = one.image;
    return made;
}

Awaitable<plan::Attempt<Build>> build_images(const Manifest& manifest, Loop& loop, http::Client& client,
                                             const Addresses& addresses, const BuildOptions& options,
                                             const plan::Report& report) {
    Pipeline pipeline{manifest, loop, client, addresses, options, report};
    co_return co_await pipeline.run();
}

std::optional<Build> build_images(Context& context, const Manifest& manifest, Loop& loop,
                                  http::Client& client, const Addresses& addresses,
                                  const BuildOptions& options, const plan::Report& report) {
    auto built = run_on(loop, build_images(manifest, loop, client, addresses, options, report));
    if (!built) {
        context.exit_code = kInterrupted;
        return std::nullopt;
    }
    if (*built) return std::move(**built);
    context.exit_code = fail(context, built->error());
    return std::nullopt;
}

}  // namespace seance::cli
