#include <cstdint>
#include <cstdlib>
#include <string>

#include "services/signaling/sync/room.hpp"

namespace {

using namespace seance::signaling::sync;
using seance::websocket::SharedFrame;

constexpr Room::Limits kLimits{20'000, 2'000};
constexpr seance::Instant kNow{std::chrono::hours(1)};

void require(bool holds) {
    if (!holds) std::abort();
}

struct Visitor : Member {
    void send(const SharedFrame& frame) override {
        seance::websocket::Decoder decoder(seance::websocket::Role::Client, frame->size());
        std::string copy = frame->text();
        auto step = decoder.take(copy);
        require(step.kind == seance::websocket::Decoder::Step::Message);
        auto said = parse_frame(step.payload);
        require(said.has_value());
        if (said->type == Frame::Type::Update || said->type == Frame::Type::Step2)
            document.add(said->body, SIZE_MAX);
    }
    bool may_write() const override { return writes; }
    bool writes = true, here = false;
    SharedDocument document;  // of all that it was told
};

std::vector<std::string> everything(SharedDocument document) {
    document.forget_deleted();
    return document.all();
}

SharedDocument written(const std::vector<std::string>& log) {
    SharedDocument document;
    for (const auto& update : log) document.add(update, SIZE_MAX);
    return document;
}

class Play {
  public:
    Play() {
        visitors_[2].writes = false;
        for (auto& visitor : visitors_) toggle(visitor);
    }
    void step(std::uint8_t what, std::string_view body) {
        switch (what % 8) {
            case 0:
            case 1:
            case 2:
                if (auto& visitor = visitors_[what % 8]; visitor.here && room_.take(visitor, body, kNow))
                    toggle(visitor);  // it is closed
                return;
            case 3:
                write();
                return;
            case 4:
                room_.put_back(room_.take_unwritten());
                room_.settle();
                return;
            case 5:
                toggle(visitors_[what / 8 % 3]);
                return;
            case 6:
                room_.take_from_elsewhere(body, kNow);
                if (auto frame = parse_frame(body)) learned_ |= frame->type == Frame::Type::Update;
                return;
            default:
                room_.forget_deleted();
                room_.forget_silent(kNow + std::chrono::seconds(what));
        }
    }
    // The log says what the room says, and so does what somebody who comes now is told.
    void check() {
        require(learned_ || room_.document().size() <= kLimits.document);
        write();
        require(!room_.has_unwritten());
        if (!learned_) require(everything(written(log_)) == everything(room_.document()));
        Visitor late;
        toggle(late);
        require(!room_.take(late, print_frame(Frame::Type::Step1, std::string(1, '\0')), kNow));
        require(everything(late.document) == everything(room_.document()));
        toggle(late);
        for (auto& visitor : visitors_)
            if (visitor.here) toggle(visitor);
        require(room_.empty());
    }

  private:
    void toggle(Visitor& visitor) {
        if (std::exchange(visitor.here, !visitor.here))
            room_.leave(visitor);
        else
            room_.join(visitor);
    }
    void write() {
        auto updates = room_.take_unwritten();
        log_.insert(log_.end(), updates.begin(), updates.end());
        room_.settle_taken();
        room_.spread_written(updates);
        room_.remember({});
    }

    Room room_{kLimits, Room::Keeps::Yes, {[] {}, [](std::string_view frame) { require(!frame.empty()); }}};
    Visitor visitors_[3];
    std::vector<std::string> log_;
    bool learned_ = false;
};

}  // namespace

// What three clients, a log and another replica do to a room: steps of a byte that says which, and the length
// and bytes of a message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Lib0Reader in({reinterpret_cast<const char*>(data), size});
    Play play;
    while (in.ok() && in.left() > 0) {
        auto what = in.byte();
        auto body = in.bytes();
        if (in.ok()) play.step(what, body);
    }
    play.check();
    return 0;
}
