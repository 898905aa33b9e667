#pragma once
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "net/websocket/codec.hpp"
#include "net/websocket/handshake.hpp"
#include "tests/support/raw_client.hpp"

namespace seance::testing_support {

using websocket::Opcode;

inline std::string masked(Opcode opcode, std::string_view payload, bool fin = true) {
    std::string out;
    websocket::append_masked_frame(out, opcode, payload, {1, 2, 3, 4}, fin);
    return out;
}

inline std::string plain(std::string_view payload, Opcode opcode = Opcode::Text) {
    std::string out;
    websocket::append_frame(out, opcode, payload);
    return out;
}

inline const std::string kPong = plain(R"({"type":"pong"})");

inline std::string publish_text(std::string_view topic, std::string_view data) {
    return R"({"type":"publish","topic":")" + std::string(topic) + R"(","data":")" + std::string(data) +
           "\"}";
}

class Peer : public RawClient {
  public:
    explicit Peer(std::uint16_t port, const http::Fields& fields = {}, std::string_view target = "/a?b")
        : RawClient(port) {
        sends(websocket::upgrade_request("signaling.test", target, "dGhlIHNhbXBsZSBub25jZQ==", fields));
        head_ = receives_head();
    }
    const std::string& head() const { return head_; }

    void says(std::string_view text) { sends(masked(Opcode::Text, text)); }
    // What came before the answer to a ping: everything that was on its way to this peer.
    std::string hears() {
        says(R"({"type":"ping"})");
        auto all = receives_until(kPong);
        return all.substr(0, all.size() - kPong.size());
    }
    void publishes(std::string_view topic, std::string_view data) { says(publish_text(topic, data)); }
    void joins(std::string_view topic) {
        says(R"({"type":"subscribe","topics":[")" + std::string(topic) + "\"]}");
        EXPECT_EQ(hears(), "");
    }
    std::string receives_close() {
        auto frame = receives(4);
        return frame.size() == 4 && frame[0] == '\x88'
                   ? std::to_string(static_cast<unsigned char>(frame[2]) * 256 +
                                    static_cast<unsigned char>(frame[3]))
                   : "no close but " + frame;
    }

    // The reason of the Close frame that comes next.
    std::string receives_reason() {
        auto head = receives(2);
        if (head.size() < 2 || head[0] != '\x88') return "no close";
        return receives(static_cast<unsigned char>(head[1])).substr(2);
    }

  private:
    std::string head_;
};

inline std::string get(std::uint16_t port, const std::string& path, const std::string& fields = "") {
    RawClient client(port);
    client.sends("GET " + path + " HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n" + fields + "\r\n");
    return client.receives_all();
}

// The relayed form of Peer::publishes().
inline std::string relayed(std::string_view topic, std::string_view data, std::size_t clients) {
    return plain(R"({"type":"publish","topic":")" + std::string(topic) + R"(","data":")" + std::string(data) +
                 R"(","clients":)" + std::to_string(clients) + "}");
}

}  // namespace seance::testing_support
