#include "net/websocket/shared_frame.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "net/websocket/deflate.hpp"
#include "net/websocket/recycled.hpp"

namespace seance::websocket {
namespace {

constexpr std::size_t kLittle = 64;
constexpr std::size_t kMessagesAtFirst = 4;  // that one that grows has room for

// Of one message, at most.
constexpr std::size_t most_memory(std::size_t bytes) {
    return 2 * bytes + kLittle;
}

// Just that, where reserve() may make it twice as much as there was: more than is kept for the next frame.
void make_room(std::string& text, std::size_t bytes) {
    if (text.capacity() >= bytes) return;
    std::string larger;
    larger.reserve(bytes);
    text = std::move(larger.append(text));
}

using Texts = Recycled<Frame, std::string, 1024, Frame::kMostGathered>;

// What shared_ptr makes of a frame is always of one size.
template <class T>
struct NodeAllocator {
    using value_type = T;
    using Nodes = Recycled<T, std::unique_ptr<std::byte[]>, 1024>;
    NodeAllocator() = default;
    template <class U>
    NodeAllocator(const NodeAllocator<U>&) {}  // NOLINT(google-explicit-constructor): as allocators are

    T* allocate(std::size_t) {
        auto node = Nodes::take();
        if (!node) node.reset(new std::byte[sizeof(T)]);
        return reinterpret_cast<T*>(node.release());
    }
    void deallocate(T* node, std::size_t) {
        Nodes::give_back(std::unique_ptr<std::byte[]>(reinterpret_cast<std::byte*>(node)));
    }
    bool operator==(const NodeAllocator&) const { return true; }
};

}  // namespace

Frame::Frame(std::size_t bytes, bool grows)
    : text_(Texts::take(grows ? kMostGathered : most_memory(bytes))), grows_(grows), has_room_(grows) {
    make_room(text_, grows ? std::min(kMessagesAtFirst * bytes, kMostGathered) : bytes);
}

Frame::~Frame() {
    Texts::give_back(std::move(text_));
}

std::string& Frame::next(std::size_t bytes) {
    ++messages_;
    if (text_.capacity() < text_.size() + bytes) make_room(text_, kMostGathered);
    return text_;
}

void Frame::fit() {
    if (!has_room_) return;
    has_room_ = false;
    if (text_.capacity() > most_memory(text_.size())) text_.shrink_to_fit();
}

SharedFrame new_frame(std::size_t bytes) {
    return std::allocate_shared<Frame>(NodeAllocator<Frame>(), bytes, false);
}

SharedFrame growing_frame(std::size_t bytes) {
    return std::allocate_shared<Frame>(NodeAllocator<Frame>(), bytes, !Frame::stays_alone(bytes));
}

SharedFrame share_frame(Opcode opcode, std::string_view payload) {
    auto frame = new_frame(payload.size() + kMostHead);
    append_frame(frame->next(payload.size() + kMostHead), opcode, payload);
    return frame;
}

SharedFrame share_compressed_frame(Opcode opcode, std::string_view payload, std::uint8_t bits) {
    auto compressed = deflater(bits).compress(payload);
    auto frame = new_frame(compressed.size() + kMostHead);
    auto& text = frame->next(compressed.size() + kMostHead);
    append_head(text, opcode, compressed.size(), true, nullptr, true);
    text += compressed;
    return frame;
}

}  // namespace seance::websocket
