#include "services/litellm/config_watch.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

namespace seance::litellm {
namespace {

namespace fs = std::filesystem;

// Writers often write several times in a row: this long after the last one the file is taken as finished.
constexpr auto kQuiet = std::chrono::milliseconds(50);
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR;

}  // namespace

class ConfigWatch::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(Loop& loop, std::function<void()> changed)
        : changed_(std::move(changed)),
          events_(loop.executor()),
          timer_(loop.executor()),
          fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
        if (fd_ >= 0) events_.assign(fd_);
    }

    std::string watch(const std::vector<std::string>& files) {
        if (fd_ < 0) return fmt::format("inotify is not available: {}", std::strerror(errno));
        std::map<std::string, std::set<std::string>> wanted;  // folder → names in it
        for (auto& file : files) {
            auto path = fs::absolute(file).lexically_normal();
            wanted[path.parent_path().string()].insert(path.filename().string());
            std::error_code failure;
            auto real = fs::canonical(path, failure);
            if (!failure) wanted[real.parent_path().string()].insert(real.filename().string());
        }
        std::string problem;
        for (auto it = folders_.begin(); it != folders_.end();) {
            if (wanted.contains(it->second.path)) {
                it->second.names = wanted[it->second.path];
                wanted.erase(it->second.path);
                ++it;
            } else {
                ::inotify_rm_watch(fd_, it->first);
                it = folders_.erase(it);
            }
        }
        for (auto& [path, names] : wanted) {
            auto id = ::inotify_add_watch(fd_, path.c_str(), kEvents);
            if (id >= 0)
                folders_[id] = {path, names};
            else
                problem = fmt::format("{} cannot be watched: {}", path, std::strerror(errno));
        }
        return problem;
    }

    void wait() {
        if (fd_ < 0) return;
        events_.async_read_some(asio::buffer(buffer_),
                                [weak = weak_from_this()](error_code error, std::size_t n) {
                                    auto self = weak.lock();
                                    if (!self || error) return;
                                    if (self->concerns_us(n)) self->settle();
                                    self->wait();
                                });
    }

    void close() {
        error_code ignored;
        events_.close(ignored);
        timer_.cancel();
    }

  private:
    struct Folder {
        std::string path;
        std::set<std::string> names;
    };

    bool concerns_us(std::size_t n) const {
        for (std::size_t at = 0; at + sizeof(inotify_event) <= n;) {
            inotify_event event;
            std::memcpy(&event, buffer_ + at, sizeof(event));
            std::string name(event.len > 0 ? buffer_ + at + sizeof(event) : "");
            at += sizeof(event) + event.len;
            if (event.mask & IN_Q_OVERFLOW) return true;
            auto folder = folders_.find(event.wd);
            if (folder == folders_.end()) continue;
            // ConfigMaps swap a link whose name begins with two dots.
            if (folder->second.names.contains(name) || name.starts_with("..")) return true;
        }
        return false;
    }

    void settle() {
        timer_.expires_after(kQuiet);
        timer_.async_wait([weak = weak_from_this()](error_code error) {
            auto self = weak.lock();
            if (self && !error) self->changed_();
        });
    }

    std::function<void()> changed_;
    asio::posix::basic_stream_descriptor<Executor> events_;
    Timer timer_;
    int fd_;
    std::map<int, Folder> folders_;  // by watch
    alignas(inotify_event) char buffer_[4096];
};

ConfigWatch::ConfigWatch(Loop& loop, std::function<void()> changed)
    : impl_(std::make_shared<Impl>(loop, std::move(changed))) {
    impl_->wait();
}

ConfigWatch::~ConfigWatch() {
    impl_->close();
}

std::string ConfigWatch::watch(const std::vector<std::string>& files) {
    return impl_->watch(files);
}

}  // namespace seance::litellm
