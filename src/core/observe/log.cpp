#include "core/observe/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/duration.hpp"
#include "core/base/json_string.hpp"
#include "core/base/text.hpp"

namespace seance::observe {
namespace {

constexpr std::size_t kMostBuffered = 1 << 20;
// Lines wait this long for company: one write for many, and nobody watches a log faster.
constexpr auto kGatherTime = std::chrono::milliseconds(20);

std::atomic<Level> least_level{Level::Info};

std::string& service_field() {
    static std::string field;
    return field;
}

// Never destroyed: its thread may be stuck in a write to someone who does not read, and a program has to be
// able to end all the same.
class Writer {
  public:
    Writer() {
        std::thread([this] { run(); }).detach();
    }

    void take(std::string_view line) {
        std::lock_guard lock(mutex_);
        if (pending_.size() + line.size() > kMostBuffered) {
            ++dropped_;
            return;
        }
        bool first = pending_.empty();
        pending_ += line;
        if (first) ready_.notify_one();
    }

    void flush() {
        std::unique_lock lock(mutex_);
        flushing_ = true;
        ready_.notify_one();
        written_.wait_for(lock, std::chrono::seconds(1), [this] { return pending_.empty() && !writing_; });
        flushing_ = false;
    }

  private:
    void run() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals belong to the loops
        std::string batch;
        std::unique_lock lock(mutex_);
        while (true) {
            ready_.wait(lock, [this] { return !pending_.empty(); });
            if (!flushing_) ready_.wait_for(lock, kGatherTime, [this] { return flushing_; });
            batch.swap(pending_);
            auto dropped = std::exchange(dropped_, 0);
            writing_ = true;
            lock.unlock();
            if (dropped > 0)
                batch += fmt::format(
                    "{{\"level\":\"warning\",\"event\":\"log_lines_dropped\",\"count\":{}}}\n", dropped);
            write_all(batch);
            batch.clear();
            lock.lock();
            writing_ = false;
            written_.notify_all();
        }
    }

    static void write_all(std::string_view data) {
        while (!data.empty()) {
            auto n = ::write(STDOUT_FILENO, data.data(), data.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return;  // nobody listens: a log is not worth dying for
            data.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    std::mutex mutex_;
    std::condition_variable ready_, written_;
    std::string pending_;
    std::uint64_t dropped_ = 0;
    bool flushing_ = false, writing_ = false;
};

Writer& writer() {
    static Writer& instance = *new Writer;
    struct AtExit {
        ~AtExit() { instance.flush(); }
    };
    static AtExit last;
    return instance;
}

std::string_view level_name(Level level) {
    switch (level) {
        case Level::Debug:
            return "debug";
        case Level::Info:
            return "info";
        case Level::Warning:
            return "warning";
        case Level::Error:
            break;
    }
    return "error";
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    bool utf8 = is_utf8(text);
    for (std::size_t at = 0; at < text.size();) {
        auto plain = find_json_special(text, at);
        if (utf8)
            out.append(text, at, plain - at);
        else
            for (char c : text.substr(at, plain - at))
                static_cast<unsigned char>(c) < 0x80 ? out += c : out += "\xEF\xBF\xBD";
        if (plain == text.size()) break;
        char c = text[plain];
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else {
            auto byte = static_cast<unsigned char>(c);
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
        at = plain + 1;
    }
    out += '"';
}

LogLine::LogLine(Level level, std::string_view event)
    : wanted_(level >= least_level.load(std::memory_order_relaxed)) {
    if (!wanted_) return;
    line_.reserve(1000);  // the longest lines, of requests, in one piece
    line_ += "{\"time\":\"";
    line_ += iso_timestamp(std::chrono::system_clock::now());
    line_ += "\",\"level\":\"";
    line_ += level_name(level);
    line_ += '"';
    line_ += service_field();
    field("event", event);
}

LogLine::~LogLine() {
    if (!wanted_) return;
    line_ += "}\n";
    writer().take(line_);
}

void LogLine::name(std::string_view name) {
    line_ += ",\"";
    line_ += name;
    line_ += "\":";
}

LogLine& LogLine::field(std::string_view key, std::string_view value) {
    if (!wanted_) return *this;
    name(key);
    append_json_string(line_, value);
    return *this;
}

LogLine& LogLine::field(std::string_view key, bool value) {
    if (!wanted_) return *this;
    name(key);
    line_ += value ? "true" : "false";
    return *this;
}

LogLine& LogLine::field(std::string_view key, std::int64_t value) {
    if (!wanted_) return *this;
    name(key);
    line_ += fmt::format_int(value).c_str();
    return *this;
}

LogLine& LogLine::field(std::string_view key, std::uint64_t value) {
    if (!wanted_) return *this;
    name(key);
    line_ += fmt::format_int(value).c_str();
    return *this;
}

LogLine& LogLine::field(std::string_view key, double value) {
    if (!wanted_) return *this;
    name(key);
    fmt::format_to(std::back_inserter(line_), "{}", value);
    return *this;
}

LogLine& LogLine::ms(std::string_view key, Duration value) {
    if (!wanted_) return *this;
    name(key);
    append_ms(line_, value);
    return *this;
}

LogLine& LogLine::raw(std::string_view members) {
    if (wanted_) line_ += members;
    return *this;
}

void set_level(Level level) {
    least_level = level;
}

void set_service(std::string_view name) {
    service_field() = ",\"service\":";
    append_json_string(service_field(), name);
}

void flush() {
    writer().flush();
}

}  // namespace seance::observe
