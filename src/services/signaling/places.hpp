#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace seance::signaling {

// What counts as one address where addresses have limits: of IPv6 the first 64 bits, for who has one address
// has all of those.
std::string counted_address(std::string_view address);

// How many peers may be connected at once, in all and from one address: over all loops of the process, so it
// locks, once when a peer comes and once when it goes.
class Places {
  public:
    Places(std::uint64_t most, std::uint64_t most_per_address)
        : most_(most), most_per_address_(most_per_address) {}

    enum class Answer { Taken, Full, AddressFull };

    // What a peer holds from a take() that answered Taken to its give_back(). One word, for there are many.
    using Address = std::unordered_map<std::string, std::uint64_t>::value_type*;
    struct Place {
        Answer answer = Answer::Full;
        Address address = nullptr;
    };
    Place take(const std::string& address);
    void give_back(Address address);

    std::uint64_t taken() const;

  private:
    mutable std::mutex mutex_;
    const std::uint64_t most_, most_per_address_;
    std::uint64_t taken_ = 0;
    std::unordered_map<std::string, std::uint64_t> by_address_;  // only with a limit; its nodes stay in place
};

}  // namespace seance::signaling
