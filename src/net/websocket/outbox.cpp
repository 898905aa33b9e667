#include "net/websocket/outbox.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "net/websocket/recycled.hpp"

namespace seance::websocket {
namespace {

constexpr std::size_t kFramesPerWrite = 64;
constexpr std::size_t kFramesAtFirst = 4;  // that there is room for

using Memory = Recycled<Outbox, std::vector<SharedFrame>, 1024, 16>;

// A text or binary message of ours, whole. The 101, which is no frame, begins like none of them.
bool is_message(const Frame& frame) {
    auto opcode = static_cast<unsigned char>(frame.text()[0]) & 0x8FU;
    return opcode == 0x81 || opcode == 0x82;
}

}  // namespace

bool Outbox::push(SharedFrame frame) {
    seal();
    if (waits_) {
        frame->seal();
        frame->fit();
    }
    last_grows_ = frame->grows();
    if (!last_grows_) bytes_ += frame->size();
    if (frames_.capacity() == 0) {
        frames_ = Memory::take();
        frames_.reserve(kFramesAtFirst);
    }
    frames_.push_back(std::move(frame));
    return last_grows_;
}

void Outbox::seal() {
    if (!std::exchange(last_grows_, false)) return;
    frames_.back()->seal();
    bytes_ += frames_.back()->size();
}

Outbox::Written Outbox::write_to(stream::TcpSocket& socket) {
    seal();
    while (!frames_.empty()) {
        std::array<iovec, kFramesPerWrite> parts;
        std::size_t count = std::min(frames_.size(), parts.size());
        for (std::size_t i = 0; i < count; ++i)
            parts[i] = {const_cast<char*>(frames_[i]->data()), frames_[i]->size()};
        parts[0].iov_base = static_cast<char*>(parts[0].iov_base) + offset_;
        parts[0].iov_len -= offset_;
        const auto n = socket.send_now(parts.data(), count);
        if (n >= 0) {
            sent(static_cast<std::size_t>(n));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return Written::Failed;
        if (!std::exchange(waits_, true))
            for (auto& frame : frames_) frame->fit();
        return Written::Some;
    }
    clear();
    return Written::All;
}

void Outbox::sent(std::size_t bytes) {
    bytes_ -= bytes;
    bytes += offset_;
    std::size_t whole = 0;
    while (whole < frames_.size() && bytes >= frames_[whole]->size()) bytes -= frames_[whole++]->size();
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(whole));
    offset_ = bytes;
}

std::size_t Outbox::drop_oldest_message() {
    seal();
    auto first = frames_.begin() + (offset_ > 0 ? 1 : 0);
    auto oldest = std::find_if(first, frames_.end(), [](const auto& frame) { return is_message(*frame); });
    if (oldest == frames_.end()) return 0;
    const auto dropped = (*oldest)->messages();
    bytes_ -= (*oldest)->size();
    frames_.erase(oldest);
    return dropped;
}

void Outbox::drop_unsent() {
    seal();
    std::size_t kept = offset_ > 0 ? 1 : 0;
    frames_.resize(kept);
    bytes_ = kept > 0 ? frames_.front()->size() - offset_ : 0;
}

void Outbox::clear() {
    seal();
    frames_.clear();
    Memory::give_back(std::exchange(frames_, {}));
    bytes_ = offset_ = 0;
    waits_ = false;
}

}  // namespace seance::websocket
