#include "services/signaling/places.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "core/runtime/awaitable.hpp"

namespace seance::signaling {

std::string counted_address(std::string_view address) {
    error_code error;
    auto parsed = asio::ip::make_address(address, error);
    if (error || !parsed.is_v6() || parsed.to_v6().is_v4_mapped()) return std::string(address);
    auto bytes = parsed.to_v6().to_bytes();
    std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), std::uint8_t{0});
    return asio::ip::address_v6(bytes).to_string();
}

Places::Place Places::take(const std::string& address) {
    std::lock_guard lock(mutex_);
    Place place;
    if (taken_ >= most_) return place;
    if (most_per_address_ > 0) {
        auto at = by_address_.try_emplace(address, 0).first;
        if (at->second >= most_per_address_) {
            place.answer = Answer::AddressFull;
            return place;
        }
        ++at->second;
        place.address = &*at;
    }
    ++taken_;
    place.answer = Answer::Taken;
    return place;
}

void Places::give_back(Address address) {
    std::lock_guard lock(mutex_);
    --taken_;
    if (address && --address->second == 0) by_address_.erase(by_address_.find(address->first));
}

std::uint64_t Places::taken() const {
    std::lock_guard lock(mutex_);
    return taken_;
}

}  // namespace seance::signaling
