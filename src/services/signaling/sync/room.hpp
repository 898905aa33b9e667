#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/websocket/shared_frame.hpp"
#include "services/signaling/sync/awareness.hpp"
#include "services/signaling/sync/frame.hpp"
#include "services/signaling/sync/shared_document.hpp"

namespace seance::signaling::sync {

// Who can be in a room. send() may end the member's connection, but must not change a room before it returns.
class Member {
  public:
    virtual void send(const websocket::SharedFrame& frame) = 0;
    virtual bool may_write() const { return true; }
    // Whether it may be answered now. If not, its question waits for Room::answer_held().
    virtual bool takes_answer() { return true; }
    virtual void answered(std::size_t) {}  // with so many bytes

  protected:
    ~Member() = default;

  private:
    friend class Room;
    Awareness::Owner number_ = Awareness::kElsewhere;
};

// One document and those who are in it, without I/O: what becomes of each message, and who gets what.
//
// What is to be kept is handed over by take_unwritten(). A step 1 is answered only when all that came before
// it is settled: so whoever gets an answer knows that what it had sent is kept, as far as anything can be.
// Answers are far larger than questions: a member that does not take one now gets it later, and one alone for
// all that it has asked meanwhile.
class Room {
  public:
    struct Limits {
        std::size_t document = 16 << 20;  // bytes of memory
        std::size_t awareness = 1 << 20;
    };
    // What the room asks of outside; all may be empty.
    struct Outside {
        std::function<void()> unwritten;                     // take_unwritten() has something new
        std::function<void(std::string_view frame)> spread;  // a message for the room's other replicas
        std::function<void()> denied = nullptr;              // an update of who may only read was dropped
    };
    struct Refusal {
        std::uint16_t code = 0;
        std::string_view reason;
    };
    // With Keeps::No nothing is ever to be written and nothing waits.
    enum class Keeps { No, Yes };

    Room(Limits limits, Keeps keeps, Outside outside)
        : limits_(limits), outside_(std::move(outside)), keeps_(keeps), ready_(keeps == Keeps::No) {}

    void join(Member& member);
    void leave(Member& member);
    // With a refusal the member's connection has to be closed.
    std::optional<Refusal> take(Member& from, std::string_view message, Instant now);
    void take_from_elsewhere(std::string_view message, Instant now);
    // Who is here, and a question for who is there, to replicas that may have missed it.
    void greet_elsewhere();
    // To the other replicas: what is in the log. Not before it is, so that whoever begins to listen and then
    // reads the log has missed nothing.
    void spread_written(const std::vector<std::string>& updates);
    void answer_held();  // those that can be answered by now
    void forget_silent(Instant now) { awareness_.forget_silent(now); }

    // What was kept before: merged, told to all who are here, and step 1 can be answered from now on. With
    // nothing when it cannot be had for the time being; it may come later.
    void remember(const std::vector<std::string>& updates);
    // Everything that has to be written, in order. Where that would be more than about twice the document it
    // is the document instead.
    std::vector<std::string> take_unwritten();
    void put_back(std::vector<std::string> unwritten);  // it could not be written yet
    bool has_unwritten() const { return !unwritten_.empty(); }
    std::size_t unwritten_size() const { return unwritten_size_; }
    void write_everything();  // what had been written is gone
    void settle_taken();      // what take_unwritten() gave last has been written
    void settle();            // everything, for it cannot be written now

    void forget_deleted() { document_.forget_deleted(); }  // its content
    const SharedDocument& document() const { return document_; }
    bool empty() const { return members_.empty(); }
    std::size_t members() const { return members_.size(); }
    std::size_t size() const { return document_.size() + awareness_.bytes() + unwritten_size_ + held_size_; }

  private:
    std::optional<Refusal> take_update(Member& from, std::string_view update);
    std::optional<Refusal> take_awareness(Member& from, std::string_view body, Instant now);
    void greet(Member& member);
    void learn(std::string_view update);
    void answer(Member& member, std::string_view state_vector);
    void answer_awareness(Member& member);
    // Questions that wait, of each kind the latest alone.
    struct Held {
        std::optional<std::string> state_vector;
        std::uint64_t after = 0;  // what has to be settled before it is answered
        bool awareness = false;
    };
    using HeldByMember = std::map<Member*, Held>;
    void hold(Member& member, std::string_view state_vector);
    void hold_awareness(Member& member);
    HeldByMember::iterator let_go(HeldByMember::iterator at);
    static std::size_t size_of(const Held& held);
    void deliver(Frame::Type type, std::string_view body, const Member* except);
    void record(std::string_view update);
    void rewrite_if_shorter();
    void rewrite();

    Limits limits_;
    Outside outside_;
    Keeps keeps_;
    bool ready_;
    SharedDocument document_;
    Awareness awareness_;
    std::vector<Member*> members_;
    HeldByMember held_;
    std::size_t held_size_ = 0;
    std::vector<std::string> unwritten_;
    std::size_t unwritten_size_ = 0;
    std::uint64_t recorded_ = 0, taken_ = 0, settled_ = 0;
    Awareness::Owner last_number_ = Awareness::kElsewhere;
};

}  // namespace seance::signaling::sync
