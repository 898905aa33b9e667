#pragma once
#include <boost/intrusive/list.hpp>

#include "core/base/duration.hpp"

namespace seance {

class Deadlines;

// A time limit of something that waits on one loop, such as a connection. Arming it costs a store, not a
// timer: its loop looks at all of them twice a second, so it fires up to half a second late, never early.
// `on_pass` runs on the loop, once for each arming, and must not destroy the deadline.
class Deadline
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    using OnPass = void (*)(void* owner);
    Deadline(Deadlines& deadlines, OnPass on_pass, void* owner);
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void arm(Duration limit);
    void disarm() { at_ = Instant::max(); }
    bool passed() const { return passed_; }  // since it was last armed

  private:
    friend class Deadlines;
    OnPass on_pass_;
    void* owner_;
    Instant at_ = Instant::max();
    bool passed_ = false;
};

// All deadlines of one loop.
class Deadlines {
  public:
    static constexpr Duration kSweepInterval = std::chrono::milliseconds(500);
    void sweep(Instant now);

  private:
    friend class Deadline;
    using List = boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>>;
    List list_;
};

}  // namespace seance
