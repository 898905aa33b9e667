#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/raw_client.hpp"
#include "tests/support/scripted_http.hpp"

namespace seance::testing_support {

// Stands between a client and an HTTP server on loopback, counts what passes and cuts connections as told.
class CuttingProxy {
  public:
    explicit CuttingProxy(std::uint16_t server)
        : server_(server), upstream_([this](UpstreamConnection& client) { relay(client); }) {}

    std::string host() const { return "127.0.0.1:" + std::to_string(upstream_.port()); }

    // What happens to the `nth` request (from 1) whose line begins with `method`.
    enum class Cut {
        BeforeTheServer,  // the server sees nothing of it
        InTheBody,        // the server sees half of its body
        BeforeTheAnswer,  // the server has it all, the client no answer
    };
    void cut(std::string method, int nth, Cut how, std::function<void()> also = {}) {
        std::lock_guard lock(mutex_);
        method_ = std::move(method);
        nth_ = nth;
        how_ = how;
        also_ = std::move(also);
    }

    std::vector<SeenRequest> requests() {
        std::lock_guard lock(mutex_);
        return requests_;
    }
    void forget() {
        std::lock_guard lock(mutex_);
        requests_.clear();
    }
    std::size_t count(const std::string& begin) {
        std::size_t n = 0;
        for (const auto& request : requests()) n += request.line.starts_with(begin) ? 1 : 0;
        return n;
    }
    // Bytes of bodies that were sent, of requests whose line begins so.
    std::size_t bytes(const std::string& begin) {
        std::size_t n = 0;
        for (const auto& request : requests()) n += request.line.starts_with(begin) ? request.body.size() : 0;
        return n;
    }

  private:
    static std::size_t length_in(const std::string& head) {
        SeenRequest fields;
        fields.head = head;
        auto length = fields.field("Content-Length");
        return length.empty() ? 0 : std::stoul(length);
    }

    bool is_to_cut(const SeenRequest& request) {
        std::lock_guard lock(mutex_);
        requests_.push_back(request);
        return nth_ > 0 && request.line.starts_with(method_) && --nth_ == 0;
    }

    void relay(UpstreamConnection& client) {
        RawClient server(server_);
        server.patience = std::chrono::milliseconds(20'000);
        while (true) {
            SeenRequest request;
            request.head = client.receives_head();
            if (request.head.empty()) return;
            request.line = request.head.substr(0, request.head.find(" HTTP/"));
            request.body = client.receives(length_in(request.head));
            bool cut = is_to_cut(request);
            if (cut && how_ == Cut::BeforeTheServer) return finish(client);
            server.sends(request.head);
            server.sends(cut && how_ == Cut::InTheBody ? request.body.substr(0, request.body.size() / 2)
                                                       : request.body);
            if (cut && how_ == Cut::InTheBody) {
                server.half_closes();
                server.receives_head();  // it has taken what came
                return finish(client);
            }
            auto head = server.receives_head();
            if (head.empty() || (cut && how_ == Cut::BeforeTheAnswer)) return finish(client);
            client.sends(head);
            if (!request.line.starts_with("HEAD")) client.sends(server.receives(length_in(head)));
        }
    }

    void finish(UpstreamConnection& client) {
        if (also_) also_();
        client.hangs_up();
    }

    std::uint16_t server_;
    std::mutex mutex_;
    std::string method_;
    int nth_ = 0;
    Cut how_ = Cut::BeforeTheServer;
    std::function<void()> also_;
    std::vector<SeenRequest> requests_;
    ScriptedUpstream upstream_;
};

}  // namespace seance::testing_support
