#include "services/landing/site.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

#include "core/observe/log.hpp"

namespace seance::landing {
namespace {

using observe::Level;

Outcome<std::shared_ptr<const files::FileIndex>> read_site(const files::IndexOptions& options,
                                                           const files::FileIndex* previous,
                                                           std::stop_token stop) {
    auto started = Clock::now();
    auto index = files::FileIndex::build(options, previous, std::move(stop));
    if (!index) return Problem{fmt::format("LANDING_ROOT: {}", index.error().what)};
    // An empty folder is a build that failed or a mount that is missing: better to say so than to answer 404.
    if ((*index)->find("/") == nullptr)
        return Problem{
            fmt::format("LANDING_ROOT: {} has no index.html; set it to the folder of the built site",
                        options.root.string())};
    for (const auto& what : (*index)->ignored())
        observe::log(Level::Warning, "file_ignored").field("reason", what);
    observe::log(Level::Info, "site_loaded")
        .field("files", static_cast<std::uint64_t>((*index)->size()))
        .field("bytes", (*index)->memory())
        .ms("ms", Clock::now() - started);
    return index;
}

}  // namespace

Site::Site(files::IndexOptions options) : options_(std::move(options)) {
    auto index = read_site(options_, nullptr, {});
    if (!index) throw std::runtime_error(index.error().what);
    index_ = std::move(*index);
    worker_ = std::jthread([this](std::stop_token stop) { work(std::move(stop)); });
}

Site::~Site() = default;

std::shared_ptr<files::FileServer> Site::join(Loop& loop) {
    std::lock_guard lock(mutex_);
    auto server = std::make_shared<files::FileServer>(index_);
    servers_[&loop] = server;
    return server;
}

void Site::leave(Loop& loop) {
    std::lock_guard lock(mutex_);
    servers_.erase(&loop);
}

void Site::reload() {
    {
        std::lock_guard lock(mutex_);
        wanted_ = true;
    }
    wake_.notify_one();
}

void Site::work(std::stop_token stop) {
    while (true) {
        {
            std::unique_lock lock(mutex_);
            if (!wake_.wait(lock, stop, [this] { return wanted_; })) return;
            wanted_ = false;
        }
        read_again(stop);
    }
}

void Site::read_again(std::stop_token stop) {
    try {
        auto index = read_site(options_, index_.get(), stop);
        if (stop.stop_requested()) return;
        if (!index) {
            observe::log(Level::Error, "reload_failed").field("reason", index.error().what);
            return;
        }
        std::lock_guard lock(mutex_);
        index_ = *index;
        for (auto& [loop, server] : servers_)
            asio::post(loop->executor(), [server = server, fresh = index_] {
                if (auto alive = server.lock()) alive->replace(fresh);
            });
    } catch (const std::exception& fault) {  // out of memory, say: the old files are still good
        observe::log(Level::Error, "reload_failed").field("reason", fault.what());
    }
}

}  // namespace seance::landing
