#include "cli/remote/prepare.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "cli/remote/run_on.hpp"
#include "core/base/text.hpp"
#include "platform/plan/keep_images.hpp"
#include "platform/plan/snapshot.hpp"
#include "platform/remote/both.hpp"

namespace seance::cli {

namespace {

std::optional<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

bool read_snapshot(Context& context, const std::string& path, Prepared& made) {
    const auto text = read_text(path);
    if (!text) {
        context.exit_code =
            context.fail(kNotThere, "NO_SNAPSHOT", fmt::format("cannot read {}", path),
                         fmt::format("make one with {} plan --snapshot FILE", context.command()));
        return false;
    }
    auto live = plan::parse_snapshot(*text);
    if (!live) {
        context.exit_code =
            context.fail(kBadConfig, "BAD_SNAPSHOT", fmt::format("{}: {}", path, live.error().what));
        return false;
    }
    made.seen.live = std::move(*live);
    return true;
}

using Seeing = remote::Reply<railway::Seen>;
using Building = plan::Attempt<Build>;

// What a plan that was made before says of images: no building.
Awaitable<Building> already_built(const plan::PlanFile& from) {
    Build build;
    build.tag = from.plan.commit;
    co_return build;
}

// What is live is read while images are built: neither needs the other.
Awaitable<std::pair<Building, Seeing>> build_and_see(const Prepared& made, const PrepareOptions& options,
                                                     const Addresses& addresses, const plan::Wanted& outline,
                                                     const plan::Report& report) {
    auto& reach = *made.reach;
    auto build = options.from ? already_built(*options.from)
                              : build_images(made.manifest, reach.loop(), reach.client(), addresses,
                                             options.build, report);
    co_return co_await remote::both(std::move(build), railway::read_live(reach.session(), outline));
}

bool take(Context& context, std::optional<std::pair<Building, Seeing>> both, Prepared& made,
          bool with_build) {
    if (!both) {
        context.exit_code = kInterrupted;
        return false;
    }
    auto& [built, seen] = *both;
    if (!built) {
        context.exit_code = fail(context, built.error());
        return false;
    }
    if (!seen) {
        context.exit_code = fail(context, plan::trouble_of(seen.error(), "reading what is live"));
        return false;
    }
    if (with_build) made.build = std::move(*built);
    made.seen = std::move(*seen);
    return true;
}

// A third party's image that stack.yaml and what is live name alike, both without a digest, is left as it is:
// so it was before the environment was ours. What is not there yet gets the digest.
void keep_unpinned(Prepared& made, plan::Ingredients& ingredients) {
    for (const auto& built : made.build->services) {
        const auto* now = made.seen.live.service(built.service);
        if (!built.pinned || !now) continue;
        const auto plain = built.image.reference.substr(0, built.image.reference.find('@'));
        if (now->image != plain) continue;
        ingredients.images[built.service].reference = plain;
        for (auto& service : made.wanted.services)
            if (service.name == built.service) service.image = plain;
    }
}

}  // namespace

std::vector<std::string> names_of(const stack::Stack& stack) {
    std::vector<std::string> names;
    for (const auto& service : stack.services) names.push_back(service.name);
    return names;
}

bool is_local(Context& context, const Manifest& manifest, std::string_view command) {
    if (manifest.environment.target != stack::TargetKind::Local) return false;
    context.exit_code =
        context.fail(kUsage, "LOCAL_ENVIRONMENT",
                     fmt::format("{} is for environments out in the world, and {} is this machine", command,
                                 manifest.environment.name),
                     "name one: seance -e production …; here the stack runs with seance up");
    return true;
}

std::unique_ptr<Prepared> prepare(Context& context, const PrepareOptions& options,
                                  const plan::Report& report) {
    auto made = std::make_unique<Prepared>();
    auto manifest = context.manifest();
    if (!manifest) return nullptr;
    made->manifest = std::move(*manifest);
    if (is_local(context, made->manifest, "this")) return nullptr;
    if (const auto& only = options.diff.only_service; !only.empty() && !made->manifest.stack.service(only)) {
        context.exit_code =
            context.fail(kNotThere, "NO_SERVICE",
                         fmt::format("there is no service {} in {}{}", only, made->manifest.file,
                                     did_you_mean(only, names_of(made->manifest.stack))));
        return nullptr;
    }
    auto secrets = read_secrets(context, made->manifest, options.secrets);
    if (!secrets) return nullptr;
    made->secrets = std::move(*secrets);
    for (const auto& warning : made->secrets.warnings)
        report({plan::Event::Type::Warning, "secrets", warning});

    const auto addresses = Addresses::from(process_environment());
    plan::Ingredients ingredients;
    ingredients.secrets = made->secrets.values;
    ingredients.secret_names = made->secrets.names;
    put_over(ingredients, addresses);
    const auto wish = [&](plan::Wanted& into) {
        auto wanted = plan::make_wanted(made->manifest.stack, made->manifest.environment, ingredients);
        if (!wanted) {
            context.exit_code = context.fail(kBadConfig, "INCOMPLETE", wanted.error().what);
            return false;
        }
        into = std::move(*wanted);
        return true;
    };
    if (options.offline.empty()) {
        made->reach = Reach::open(context, made->manifest, made->secrets.spaces_keys(made->manifest.stack));
        plan::Wanted outline;  // without images, which reading does not need
        if (!made->reach || !wish(outline)) return nullptr;
        auto both = run_on(made->reach->loop(), build_and_see(*made, options, addresses, outline, report));
        if (!take(context, std::move(both), *made, options.from == nullptr)) return nullptr;
    } else {
        Loop loop;
        http::Client client{loop};
        if (!options.from) {
            made->build =
                build_images(context, made->manifest, loop, client, addresses, options.build, report);
            if (!made->build) return nullptr;
        }
        if (!read_snapshot(context, options.offline, *made)) return nullptr;
    }
    ingredients.commit = options.from ? options.from->plan.commit : made->build->tag;
    ingredients.images = options.from ? options.from->images : made->build->images();
    if (!wish(made->wanted)) return nullptr;

    if (made->build) keep_unpinned(*made, ingredients);
    plan::keep_unchanged_images(made->wanted, made->seen.live);
    made->file.plan = plan::diff(made->wanted, made->seen.live, options.diff);
    if (made->build)
        for (const auto& note : made->build->notes) made->file.plan.notes.push_back(note);
    made->file.images = ingredients.images;
    made->file.secrets_sha256 = made->secrets.file_sha256;
    return made;
}

}  // namespace seance::cli
