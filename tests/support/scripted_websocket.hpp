#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "net/websocket/codec.hpp"
#include "net/websocket/handshake.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace seance::testing_support {

// The server's end of one WebSocket in a script. Use it for the rest of the connection.
class ScriptedWebSocket {
  public:
    explicit ScriptedWebSocket(UpstreamConnection& connection) : connection_(connection) {}

    // Answers the upgrade and gives its head; with a subprotocol that one is chosen.
    std::string accepts(std::string_view subprotocol = {}) {
        auto head = connection_.receives_head();
        std::string key;
        for (auto line : split(head, '\n'))
            if (iequals(line.substr(0, 18), "sec-websocket-key:")) key = trim(line.substr(18));
        auto answer = websocket::upgrade_response(websocket::accept_key(key));
        if (!subprotocol.empty())
            answer.insert(answer.size() - 2, "Sec-WebSocket-Protocol: " + std::string(subprotocol) + "\r\n");
        connection_.sends(answer);
        return head;
    }

    // The next text of the client; "" if there is none any more. Its pings are answered.
    std::string receives() {
        while (true) {
            auto step = decoder_.take(std::span(bytes_).subspan(used_));
            used_ += step.consumed;
            using Step = websocket::Decoder::Step;
            if (step.kind == Step::Message) return std::string(step.payload);
            if (step.kind == Step::Ping) sends_frame(websocket::Opcode::Pong, step.payload);
            if (step.kind == Step::Close) closed_with_ = step.code;
            if (step.kind == Step::Close || step.kind == Step::Failed) return {};
            if (step.kind != Step::NeedMore) continue;
            bytes_ = connection_.receives(1);
            used_ = 0;
            if (bytes_.empty()) return {};
        }
    }

    void sends(std::string_view text) { sends_frame(websocket::Opcode::Text, text); }
    void sends_frame(websocket::Opcode kind, std::string_view payload) {
        std::string frame;
        websocket::append_frame(frame, kind, payload);
        connection_.sends(frame);
    }
    void closes(std::uint16_t code, std::string_view reason = {}) {
        sends_frame(websocket::Opcode::Close, websocket::close_payload(code, reason));
    }
    std::uint16_t closed_with() const { return closed_with_; }

  private:
    UpstreamConnection& connection_;
    websocket::Decoder decoder_{websocket::Role::Server, 1 << 20};
    std::string bytes_;
    std::size_t used_ = 0;
    std::uint16_t closed_with_ = 0;
};

}  // namespace seance::testing_support
