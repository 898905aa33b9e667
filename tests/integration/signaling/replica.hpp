#pragma once
#include <chrono>
#include <string>
#include <thread>

#include "tests/integration/signaling/peer.hpp"
#include "tests/integration/signaling/program.hpp"

namespace seance::testing_support {

using namespace std::chrono_literals;

inline Program::Settings over(std::uint16_t valkey, Program::Settings more = {}) {
    more.emplace("VALKEY_URL", "redis://127.0.0.1:" + std::to_string(valkey));
    return more;
}

struct Replica : Program {
    explicit Replica(std::uint16_t valkey, const Settings& more = {}) : Program(over(valkey, more)) {
        log_until("replicas_reachable");
    }
};

// Publishes anew until the sender's own copy counts `clients`.
inline bool comes_to_count(Peer& peer, std::string_view topic, std::size_t clients) {
    auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < 15s) {
        peer.publishes(topic, "count");
        if (peer.hears().ends_with("\"clients\":" + std::to_string(clients) + "}")) return true;
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

inline bool valkey_is(const Program& program, bool reached) {
    auto wanted = std::string("\"valkey\":") + (reached ? "true" : "false");
    auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < 15s) {
        if (get(program.port(), "/health").find(wanted) != std::string::npos) return true;
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

}  // namespace seance::testing_support
