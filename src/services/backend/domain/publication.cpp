#include "services/backend/domain/publication.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "core/observe/log.hpp"
#include "store/object/content_type.hpp"

namespace seance::backend {
namespace {

using object::Reason;
using object::Stored;
using Order = std::vector<std::size_t>;

std::string staging_folder(const std::string& prefix) {
    return prefix + "/.staging/";
}

// The time of its begin is in the name, so that a sweep can tell an old one from one at work elsewhere.
std::string begin_name() {
    auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return fmt::format("{}-{}", now, random_id().substr(0, 12));
}

class Publication {
  public:
    Publication(object::ObjectStore& store, const std::string& prefix, const std::vector<DeployFile>& files)
        : store_(store),
          prefix_(prefix),
          files_(files),
          folder_(staging_folder(prefix) + begin_name() + '/') {}

    Awaitable<Stored<void>> run() {
        auto result = co_await stage();
        if (result) {
            result = co_await promote();
            if (!result) co_await roll_back();
            if (keep_old_) result = rollback_failed(result.error());
        }
        co_await clean_up();
        co_return result;
    }

  private:
    // The old content of what could not be put back is kept under the staging keys.
    object::Failure rollback_failed(const object::Failure& cause) const {
        return {Reason::Broken,
                fmt::format("{}; and not every file could be put back: what they were is under {}",
                            cause.what, folder_)};
    }

    enum class Was { Untouched, Absent, KeptAside };

    std::string final_key(std::size_t i) const { return prefix_ + '/' + files_[i].path; }
    std::string staged_key(std::size_t i) const { return folder_ + std::to_string(i); }
    std::string old_key(std::size_t i) const { return folder_ + "old-" + std::to_string(i); }

    Awaitable<Stored<void>> stage() {
        for (std::size_t i = 0; i < files_.size(); ++i) {
            object::PutOptions options{std::string(object::content_type_of(files_[i].path)),
                                       "public, max-age=60", false};
            ++staged_;  // even a put that fails may have left something
            auto put = co_await store_.put(staged_key(i), files_[i].content, options);
            if (!put) co_return put.error();
            if (put->size != files_[i].content.size()) {
                object::Failure failure{Reason::Broken, fmt::format("the object store kept {} bytes of {}",
                                                                    put->size, files_[i].path)};
                co_return failure;
            }
        }
        co_return Stored<void>{};
    }

    Awaitable<Stored<void>> promote() {
        Order order(files_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_partition(order.begin(), order.end(),
                              [&](auto i) { return !is_pointer(files_[i].path); });
        was_.assign(files_.size(), Was::Untouched);
        for (auto i : order) {
            auto kept = co_await store_.copy(final_key(i), old_key(i), false);
            if (!kept && kept.error().reason != Reason::NotFound) co_return kept.error();
            was_[i] = kept ? Was::KeptAside : Was::Absent;
            auto copied = co_await store_.copy(staged_key(i), final_key(i), true);
            if (!copied) co_return copied.error();
        }
        co_return Stored<void>{};
    }

    Awaitable<void> roll_back() {
        for (std::size_t i = 0; i < files_.size(); ++i) {
            if (was_[i] == Was::Untouched) continue;
            Stored<void> undone;
            if (was_[i] == Was::KeptAside)
                undone = co_await store_.copy(old_key(i), final_key(i), true);
            else
                undone = co_await store_.remove(final_key(i));
            if (undone) continue;
            observe::log(observe::Level::Error, "rollback_failed")
                .field("path", files_[i].path)
                .field("reason", undone.error().what);
            keep_old_ = true;
        }
    }

    // Best effort: what stays is swept a day later. A copy that is still needed to repair by hand is kept.
    Awaitable<void> clean_up() {
        for (std::size_t i = 0; i < staged_; ++i) {
            auto removed = co_await store_.remove(staged_key(i));
            if (!removed) co_return;
            if (keep_old_ || was_.empty() || was_[i] != Was::KeptAside) continue;
            removed = co_await store_.remove(old_key(i));
            if (!removed) co_return;
        }
    }

    object::ObjectStore& store_;
    const std::string& prefix_;
    const std::vector<DeployFile>& files_;
    std::string folder_;
    std::size_t staged_ = 0;
    std::vector<Was> was_;
    bool keep_old_ = false;
};

}  // namespace

bool is_pointer(std::string_view path) {
    auto name = lower(path.substr(path.rfind('/') + 1));
    return name.ends_with(".yml") || name.ends_with(".yaml") || name.ends_with(".json") ||
           name.ends_with(".xml") || name == "releases";
}

Awaitable<Stored<void>> publish(object::ObjectStore& store, const std::string& prefix,
                                const std::vector<DeployFile>& files) {
    Publication publication(store, prefix, files);
    co_return co_await publication.run();
}

Awaitable<Stored<std::size_t>> sweep_unfinished(object::ObjectStore& store, const std::string& prefix,
                                                std::chrono::system_clock::time_point before) {
    auto folder = staging_folder(prefix);
    std::size_t removed = 0;
    std::string after;
    do {
        auto page = co_await store.list(folder, after, 1000);
        if (!page) co_return page.error();
        for (const auto& object : page->objects) {
            auto name = std::string_view(object.key).substr(folder.size());
            auto began = parse_number(name.substr(0, name.find('-')));
            if (!began || std::chrono::system_clock::from_time_t(static_cast<std::time_t>(*began)) >= before)
                continue;
            auto gone = co_await store.remove(object.key);
            if (!gone) co_return gone.error();
            ++removed;
        }
        after = page->next;
    } while (!after.empty());
    co_return removed;
}

}  // namespace seance::backend
