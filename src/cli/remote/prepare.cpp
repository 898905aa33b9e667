#include "cli/remote/prepare.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "cli/remote/run_on.hpp"
#include "platform/plan/keep_images.hpp"
#include "platform/plan/snapshot.hpp"

namespace seance::cli {

namespace {

std::optional<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

bool see(Context& context, const PrepareOptions& options, Prepared& made) {
    if (!options.offline.empty()) {
        const auto text = read_text(options.offline);
        if (!text) {
            context.exit_code =
                context.fail(kNotThere, "NO_SNAPSHOT", fmt::format("cannot read {}", options.offline),
                             "make one with seance plan --snapshot FILE");
            return false;
        }
        auto live = plan::parse_snapshot(*text);
        if (!live) {
            context.exit_code = context.fail(kBadConfig, "BAD_SNAPSHOT",
                                             fmt::format("{}: {}", options.offline, live.error().what));
            return false;
        }
        made.seen.live = std::move(*live);
        return true;
    }
    auto seen = run_on(made.reach->loop(), railway::read_live(made.reach->session(), made.wanted));
    if (!seen) {
        context.exit_code = kInterrupted;
        return false;
    }
    if (!*seen) {
        context.exit_code = fail(context, plan::trouble_of(seen->error(), "reading what is live"));
        return false;
    }
    made.seen = std::move(**seen);
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
        context.exit_code = context.fail(
            kNotThere, "NO_SERVICE", fmt::format("there is no service {} in {}", only, made->manifest.file));
        return nullptr;
    }
    auto secrets = read_secrets(context, made->manifest, options.secrets);
    if (!secrets) return nullptr;
    made->secrets = std::move(*secrets);
    for (const auto& warning : made->secrets.warnings)
        report({plan::Event::Type::Warning, "secrets", warning});

    Loop offline_loop;
    std::unique_ptr<http::Client> offline_client;
    if (options.offline.empty()) {
        made->reach = Reach::open(context, made->manifest, made->secrets.spaces_keys(made->manifest.stack));
        if (!made->reach) return nullptr;
    } else
        offline_client = std::make_unique<http::Client>(offline_loop);
    const auto addresses = Addresses::from(process_environment());

    plan::Ingredients ingredients;
    if (options.from) {
        ingredients.commit = options.from->plan.commit;
        ingredients.images = options.from->images;
    } else {
        auto& loop = made->reach ? made->reach->loop() : offline_loop;
        auto& client = made->reach ? made->reach->client() : *offline_client;
        made->build = build_images(context, made->manifest, loop, client, addresses, options.build, report);
        if (!made->build) return nullptr;
        ingredients.commit = made->build->tag;
        ingredients.images = made->build->images();
    }
    ingredients.secrets = made->secrets.values;
    ingredients.secret_names = made->secrets.names;
    put_over(ingredients, addresses);
    auto wanted = plan::make_wanted(made->manifest.stack, made->manifest.environment, ingredients);
    if (!wanted) {
        context.exit_code = context.fail(kBadConfig, "INCOMPLETE", wanted.error().what);
        return nullptr;
    }
    made->wanted = std::move(*wanted);
    if (!see(context, options, *made)) return nullptr;

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
