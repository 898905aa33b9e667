#include "services/signaling/sync/room.hpp"

#include <algorithm>
#include <utility>

namespace seance::signaling::sync {
namespace {

namespace close_code = websocket::close_code;

websocket::SharedFrame frame_of(Frame::Type type, std::string_view body) {
    return websocket::share_frame(websocket::Opcode::Binary, print_frame(type, body));
}

// Of some 80,000 clients. It may have to be kept until it can be answered.
constexpr std::size_t kMostStateVector = 1 << 20;

// Above it, what waits to be written is the document rather than every update on its way there.
constexpr std::size_t kLeastRewrite = 256 << 10;

}  // namespace

void Room::join(Member& member) {
    member.number_ = ++last_number_;
    members_.push_back(&member);
    if (ready_) greet(member);
}

void Room::leave(Member& member) {
    if (std::erase(members_, &member) == 0) return;
    let_go(held_.find(&member));
    auto gone = awareness_.leave(member.number_);
    if (gone.empty()) return;
    deliver(Frame::Type::Awareness, gone, nullptr);
    if (outside_.spread) outside_.spread(print_frame(Frame::Type::Awareness, gone));
}

void Room::greet(Member& member) {
    member.send(frame_of(Frame::Type::Step1, document_.state()));
    if (auto here = awareness_.all(); !here.empty()) member.send(frame_of(Frame::Type::Awareness, here));
}

std::optional<Room::Refusal> Room::take(Member& from, std::string_view message, Instant now) {
    auto frame = parse_frame(message);
    if (!frame) return Refusal{close_code::kBadData, "not a message of the y-websocket protocol"};
    switch (frame->type) {
        case Frame::Type::Step1:
            if (frame->body.size() > kMostStateVector)
                return Refusal{close_code::kTooBig, "the state vector is too large"};
            if (ready_ && settled_ == recorded_ && from.takes_answer())
                answer(from, frame->body);
            else
                hold(from, frame->body);
            return std::nullopt;
        case Frame::Type::Step2:
        case Frame::Type::Update:
            return take_update(from, frame->body);
        case Frame::Type::Awareness:
            return take_awareness(from, frame->body, now);
        case Frame::Type::QueryAwareness:
            if (from.takes_answer())
                answer_awareness(from);
            else
                hold_awareness(from);
            return std::nullopt;
        case Frame::Type::Other:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<Room::Refusal> Room::take_update(Member& from, std::string_view update) {
    if (update.empty()) return Refusal{close_code::kBadData, "the update is empty"};
    if (!from.may_write()) {
        // Every client answers our step 1, whatever it may: only what would change something is denied.
        if (update == kEmptyUpdate) return std::nullopt;
        from.send(websocket::share_frame(websocket::Opcode::Binary, print_denial("this token only reads")));
        if (outside_.denied) outside_.denied();
        return std::nullopt;
    }
    switch (document_.add(update, limits_.document)) {
        case SharedDocument::Added::Nothing:
            return std::nullopt;
        case SharedDocument::Added::TooLarge:
            return Refusal{close_code::kTooBig, "the document would be too large"};
        case SharedDocument::Added::Something:
            break;
    }
    deliver(Frame::Type::Update, update, &from);
    record(update);
    return std::nullopt;
}

// To its sender as well: a provider that hears nothing for 30 s, not even itself, takes the connection for
// dead.
std::optional<Room::Refusal> Room::take_awareness(Member& from, std::string_view body, Instant now) {
    auto shown = parse_awareness(body);
    if (!shown) return Refusal{close_code::kBadData, "not an awareness update"};
    auto fits = [&] { return awareness_.bytes() + awareness_.growth(*shown) <= limits_.awareness; };
    if (!fits()) {
        awareness_.forget_silent(now);
        if (!fits()) return Refusal{close_code::kPolicy, "the room holds too many awareness states"};
    }
    auto outcome = awareness_.show(from.number_, *shown, now);
    if (!outcome.stale.empty()) from.send(frame_of(Frame::Type::Awareness, outcome.stale));
    if (outcome.news.empty()) return std::nullopt;
    deliver(Frame::Type::Awareness, outcome.news, nullptr);
    if (outside_.spread) outside_.spread(print_frame(Frame::Type::Awareness, outcome.news));
    return std::nullopt;
}

void Room::take_from_elsewhere(std::string_view message, Instant now) {
    auto frame = parse_frame(message);
    if (!frame) return;
    switch (frame->type) {
        case Frame::Type::Update:
            // Written by whoever spread it, who has also held it to the limit.
            learn(frame->body);
            return;
        case Frame::Type::Awareness:
            if (auto shown = parse_awareness(frame->body)) {
                auto news = awareness_.show(Awareness::kElsewhere, *shown, now).news;
                if (!news.empty()) deliver(Frame::Type::Awareness, news, nullptr);
            }
            return;
        case Frame::Type::QueryAwareness:
            if (auto here = awareness_.all_of_connections(); !here.empty() && outside_.spread)
                outside_.spread(print_frame(Frame::Type::Awareness, here));
            return;
        default:
            return;
    }
}

void Room::learn(std::string_view update) {
    if (document_.add(update, SIZE_MAX) == SharedDocument::Added::Something && ready_)
        deliver(Frame::Type::Update, update, nullptr);
}

void Room::remember(const std::vector<std::string>& updates) {
    for (const auto& update : updates) learn(update);
    if (ready_) return;
    ready_ = true;
    for (auto* member : members_) greet(*member);
    answer_held();
}

void Room::spread_written(const std::vector<std::string>& updates) {
    if (!outside_.spread) return;
    for (const auto& update : updates) outside_.spread(print_frame(Frame::Type::Update, update));
}

void Room::greet_elsewhere() {
    if (!outside_.spread) return;
    outside_.spread(print_frame(Frame::Type::QueryAwareness, {}));
    if (auto here = awareness_.all_of_connections(); !here.empty())
        outside_.spread(print_frame(Frame::Type::Awareness, here));
}

void Room::answer(Member& member, std::string_view state_vector) {
    auto updates = document_.missing_to(state_vector);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < updates.size(); ++i) {
        auto frame = frame_of(i + 1 < updates.size() ? Frame::Type::Update : Frame::Type::Step2, updates[i]);
        bytes += frame->size();
        member.send(frame);
    }
    member.answered(bytes);
}

void Room::answer_awareness(Member& member) {
    auto frame =
        frame_of(Frame::Type::Awareness, awareness_.size() > 0 ? awareness_.all() : print_awareness({}));
    member.send(frame);
    member.answered(frame->size());
}

void Room::hold(Member& member, std::string_view state_vector) {
    auto& held = held_[&member];
    held_size_ -= size_of(held);
    held.state_vector = state_vector;
    held.after = recorded_;
    held_size_ += size_of(held);
}

void Room::hold_awareness(Member& member) {
    auto& held = held_[&member];
    held_size_ -= size_of(held);
    held.awareness = true;
    held_size_ += size_of(held);
}

// Nothing until it holds something.
std::size_t Room::size_of(const Held& held) {
    if (!held.state_vector && !held.awareness) return 0;
    return sizeof(Held) + (held.state_vector ? held.state_vector->size() : 0);
}

Room::HeldByMember::iterator Room::let_go(HeldByMember::iterator at) {
    if (at == held_.end()) return at;
    held_size_ -= size_of(at->second);
    return held_.erase(at);
}

void Room::answer_held() {
    if (!ready_) return;
    for (auto at = held_.begin(); at != held_.end();) {
        auto& [member, held] = *at;
        const auto before = size_of(held);
        if (held.awareness && member->takes_answer()) {
            answer_awareness(*member);
            held.awareness = false;
        }
        if (held.state_vector && held.after <= settled_ && member->takes_answer()) {
            answer(*member, *held.state_vector);
            held.state_vector.reset();
        }
        const auto now = size_of(held);
        held_size_ -= before - now;
        at = now > 0 ? std::next(at) : held_.erase(at);
    }
}

void Room::record(std::string_view update) {
    if (keeps_ == Keeps::No) return;
    ++recorded_;
    unwritten_.emplace_back(update);
    unwritten_size_ += update.size() + sizeof(std::string);
    rewrite_if_shorter();
    if (outside_.unwritten) outside_.unwritten();
}

void Room::rewrite_if_shorter() {
    if (unwritten_size_ > std::max(kLeastRewrite, 2 * document_.size())) rewrite();
}

void Room::write_everything() {
    if (document_.empty()) return;
    ++recorded_;  // who asks from now on is answered when it is written
    rewrite();
}

void Room::rewrite() {
    unwritten_ = document_.all();
    unwritten_size_ = 0;
    for (const auto& update : unwritten_) unwritten_size_ += update.size() + sizeof(std::string);
}

std::vector<std::string> Room::take_unwritten() {
    taken_ = recorded_;
    unwritten_size_ = 0;
    return std::exchange(unwritten_, {});
}

void Room::put_back(std::vector<std::string> unwritten) {
    for (const auto& update : unwritten) unwritten_size_ += update.size() + sizeof(std::string);
    unwritten.insert(unwritten.end(), std::make_move_iterator(unwritten_.begin()),
                     std::make_move_iterator(unwritten_.end()));
    unwritten_ = std::move(unwritten);
    rewrite_if_shorter();
}

void Room::settle_taken() {
    settled_ = std::max(settled_, taken_);
    answer_held();
}

void Room::settle() {
    settled_ = recorded_;
    answer_held();
}

void Room::deliver(Frame::Type type, std::string_view body, const Member* except) {
    if (members_.empty() || (members_.size() == 1 && members_[0] == except)) return;
    auto frame = frame_of(type, body);
    for (auto* member : members_)
        if (member != except) member->send(frame);
}

}  // namespace seance::signaling::sync
