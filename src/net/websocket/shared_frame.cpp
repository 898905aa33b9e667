#include "net/websocket/shared_frame.hpp"

#include <cstddef>
#include <utility>

#include "net/websocket/deflate.hpp"
#include "net/websocket/recycled.hpp"

namespace seance::websocket {
namespace {

// What waits for slow readers is counted by its size: it is not to hold much more than that.
constexpr std::size_t kLittle = 64;

struct Frame;
using Texts = Recycled<Frame, std::string, 1024, 2048>;

struct Frame {
    std::string text;
    explicit Frame(std::size_t size) : text(Texts::take(2 * size + kLittle)) { text.reserve(size); }
    Frame(const Frame&) = delete;
    ~Frame() { Texts::give_back(std::move(text)); }
};

// Of what shared_ptr makes for a frame beside its text, which is always of one size.
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

std::shared_ptr<std::string> new_frame(std::size_t size) {
    auto frame = std::allocate_shared<Frame>(NodeAllocator<Frame>(), size);
    auto* text = &frame->text;
    return {std::move(frame), text};
}

SharedFrame share_frame(Opcode opcode, std::string_view payload) {
    auto frame = new_frame(payload.size() + kMostHead);
    append_frame(*frame, opcode, payload);
    return frame;
}

SharedFrame share_compressed_frame(Opcode opcode, std::string_view payload, std::uint8_t bits) {
    auto compressed = deflater(bits).compress(payload);
    auto frame = new_frame(compressed.size() + kMostHead);
    append_head(*frame, opcode, compressed.size(), true, nullptr, true);
    *frame += compressed;
    return frame;
}

}  // namespace seance::websocket
