#include "services/signaling/recorder.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "core/config/unusable.hpp"
#include "core/observe/log.hpp"
#include "services/signaling/replicas/note.hpp"

namespace seance::signaling {
namespace {

std::string_view name_of(Message::Type type) {
    switch (type) {
        case Message::Type::Subscribe:
            return "subscribe";
        case Message::Type::Unsubscribe:
            return "unsubscribe";
        case Message::Type::Publish:
            return "publish";
        case Message::Type::Ping:
            return "ping";
        case Message::Type::Ignored:
            break;
    }
    return "other";
}

}  // namespace

Recorder::Recorder(const std::string& path, bool content) : content_(content) {
    file_.reset(std::fopen(path.c_str(), "ae"));
    if (!file_)
        throw config::Unusable(
            fmt::format("RECORD_FILE {} cannot be written: {}; name one that this user may "
                        "write to",
                        path, std::strerror(errno)));
    std::setvbuf(file_.get(), nullptr, _IOLBF, 1 << 16);
}

void Recorder::write(std::uint64_t connection, std::string_view event, std::string_view more) {
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_).count();
    auto line = fmt::format(R"({{"t":{},"c":{},"e":"{}"{}}})", ms, connection, event, more);
    line += '\n';
    std::lock_guard lock(mutex_);
    std::fwrite(line.data(), 1, line.size(), file_.get());
}

void Recorder::opened(std::uint64_t connection) {
    write(connection, "open", "");
}

void Recorder::closed(std::uint64_t connection) {
    write(connection, "close", "");
}

void Recorder::received(std::uint64_t connection, std::string_view text, const Message* message) {
    std::string more;
    if (content_) {
        more = ",\"text\":";
        observe::append_json_string(more, text);
    } else {
        more =
            fmt::format(R"(,"type":"{}","bytes":{})", message ? name_of(message->type) : "bad", text.size());
        std::string rooms;
        auto add = [&](std::string_view topic) {
            rooms += fmt::format("{}\"{}\"", rooms.empty() ? "" : ",", hashed_topic(topic));
        };
        if (message && message->type == Message::Type::Publish) add(message->topic);
        if (message)
            for (auto topic : message->topics) add(topic);
        if (!rooms.empty()) more += ",\"rooms\":[" + rooms + "]";
    }
    write(connection, "text", more);
}

}  // namespace seance::signaling
