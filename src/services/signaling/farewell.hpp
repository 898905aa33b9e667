#pragma once
#include <algorithm>
#include <cstddef>

#include "core/runtime/awaitable.hpp"
#include "core/runtime/wait.hpp"
#include "net/websocket/connection.hpp"

namespace seance::signaling {

// Tells each peer to connect elsewhere (1001), over `spread` or faster: at least 200 a second. Who is told
// goes to the end of the list, an intrusive one, which peers may leave meanwhile.
template <class Peers>
Awaitable<void> say_farewell(Peers& peers, Duration spread) {
    constexpr Duration kStep = std::chrono::milliseconds(50);
    constexpr std::size_t kLeastPerStep = 10;
    auto untold = peers.size();
    auto steps = std::max<std::int64_t>(1, spread / kStep);
    auto per_step = std::max(kLeastPerStep, untold / static_cast<std::size_t>(steps) + 1);
    while (untold > 0 && !peers.empty()) {
        for (auto n = std::min(per_step, untold); n > 0 && !peers.empty(); --n, --untold) {
            auto& peer = peers.front();
            peers.splice(peers.end(), peers, peers.begin());
            peer.close(websocket::close_code::kGoingAway, "the server is going away, connect again");
        }
        if (untold > 0) co_await sleep_for(kStep);
    }
}

}  // namespace seance::signaling
