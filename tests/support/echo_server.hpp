#pragma once
#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/server.hpp"
#include "net/websocket/connection.hpp"
#include "net/websocket/handshake.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/raw_client.hpp"

namespace seance::testing_support {

using websocket::Ending;
using websocket::MaskKey;
using websocket::Opcode;
using websocket::WebSocket;

inline constexpr MaskKey kMask{1, 2, 3, 4};

inline std::string masked(Opcode opcode, std::string_view payload, bool fin = true) {
    std::string out;
    websocket::append_masked_frame(out, opcode, payload, kMask, fin);
    return out;
}
inline std::string plain(Opcode opcode, std::string_view payload) {
    std::string out;
    websocket::append_frame(out, opcode, payload);
    return out;
}
inline std::string masked_close(std::uint16_t code) {
    return masked(Opcode::Close, websocket::close_payload(code, ""));
}

// A server whose connections echo; "twice" is answered by two frames, "close" by a close, "flood" until the
// peer is too slow.
class EchoServer {
  public:
    explicit EchoServer(websocket::Options options = {}) : options_(options) {
        loop_.on_loop([this] {
            server_ = std::make_unique<http::Server>(
                loop_.loop(), http::ServerOptions{},
                [this](http::Exchange& exchange) { return accept(exchange, *this); });
            server_->listen("127.0.0.1", 0);
        });
    }
    // The server and its sockets belong to the loop's thread; once that has ended nothing runs any more.
    ~EchoServer() { loop_.stop(); }

    std::uint16_t port() const { return server_->port(); }
    LoopThread& loop() { return loop_; }
    Ending ending() { return ended_.get_future().get(); }
    std::size_t most_queued() {
        std::size_t most = 0;
        loop_.on_loop([&] { most = most_queued_; });
        return most;
    }
    std::string url() const { return "ws://127.0.0.1:" + std::to_string(port()) + "/"; }

  private:
    struct Echo final : WebSocket::Listener {
        void on_message(Opcode kind, std::string_view payload) override {
            if (payload == "close") return socket->close(4000, "asked");
            if (payload == "flood") {
                auto frame = websocket::share_frame(Opcode::Binary, std::string(64 * 1024, 'x'));
                for (int i = 0; i < 1000 && socket->open(); ++i) {
                    socket->send(frame);
                    server->most_queued_ = std::max(server->most_queued_, socket->queued());
                }
                return;
            }
            socket->send(kind, payload);
            if (payload == "twice") socket->send(kind, "again");
        }
        void on_closed(const Ending& ending) override {
            if (!std::exchange(server->reported_, true)) server->ended_.set_value(ending);
        }
        EchoServer* server = nullptr;
        std::shared_ptr<WebSocket> socket;
    };

    static Awaitable<void> accept(http::Exchange& exchange, EchoServer& self) {
        auto answer = websocket::check_upgrade(exchange.head());
        auto taken = exchange.take_over();
        auto& echo = *self.echoes_.emplace_back(std::make_unique<Echo>());
        echo.server = &self;
        echo.socket = WebSocket::make(self.loop_.loop(), std::move(taken.socket), self.options_);
        echo.socket->start(&echo, websocket::upgrade_response(answer.accept), std::move(taken.leftover));
        co_return;
    }

    websocket::Options options_;
    LoopThread loop_;
    std::vector<std::unique_ptr<Echo>> echoes_;
    std::unique_ptr<http::Server> server_;
    std::promise<Ending> ended_;
    bool reported_ = false;
    std::size_t most_queued_ = 0;  // of a flood
};

struct EchoPeer : RawClient {
    explicit EchoPeer(EchoServer& server) : RawClient(server.port()) {
        sends(request());
        head = receives_head();
    }
    static std::string request() {
        return websocket::upgrade_request("a.test", "/", "dGhlIHNhbXBsZSBub25jZQ==");
    }
    std::string head;
};

}  // namespace seance::testing_support
