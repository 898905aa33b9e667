#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/scripted_upstream.hpp"

namespace seance::testing_support {

// What arrived at a ScriptedHttp.
struct SeenRequest {
    std::string line;  // "GET /v2/"
    std::string head, body;

    // A field's value, "" if it is not there. Names as this project's clients write them, or in lower case.
    std::string field(std::string name) const {
        for (int lower = 0; lower < 2; ++lower) {
            auto at = head.find("\r\n" + name + ": ");
            if (at != std::string::npos) {
                at += name.size() + 4;
                return head.substr(at, head.find("\r\n", at) - at);
            }
            for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        return "";
    }
};

inline std::string http_answer(const std::string& status, const std::string& fields = "",
                               const std::string& body = "") {
    return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

// An HTTP server on loopback whose answers a function gives: whole messages, or "" to hang up. The function
// is called for one request at a time.
class ScriptedHttp {
  public:
    using Answer = std::function<std::string(const SeenRequest&)>;

    explicit ScriptedHttp(Answer answer)
        : answer_(std::move(answer)),
          upstream_([this](UpstreamConnection& connection) { serve(connection); }) {}

    std::uint16_t port() const { return upstream_.port(); }
    std::string host() const { return "127.0.0.1:" + std::to_string(port()); }
    std::vector<SeenRequest> requests() {
        std::lock_guard lock(mutex_);
        return requests_;
    }
    std::vector<std::string> lines() {
        std::vector<std::string> lines;
        for (const auto& request : requests()) lines.push_back(request.line);
        return lines;
    }
    // The next request with a body is read up to so many bytes of it, given to the function as it is, and the
    // connection cut.
    void cut_next_body_after(std::size_t bytes) {
        std::lock_guard lock(mutex_);
        cut_after_ = bytes;
    }

  private:
    void serve(UpstreamConnection& connection) {
        while (true) {
            SeenRequest request;
            request.head = connection.receives_head();
            if (request.head.empty()) return;
            request.line = request.head.substr(0, request.head.find(" HTTP/"));
            auto length = request.field("Content-Length");
            auto size = length.empty() ? std::size_t(0) : std::stoul(length);
            bool cut = false;
            {
                std::lock_guard lock(mutex_);
                if (size > 0 && cut_after_ < size) {
                    size = std::exchange(cut_after_, SIZE_MAX);
                    cut = true;
                }
            }
            request.body = connection.receives(size);
            std::string answer;
            {
                std::lock_guard lock(mutex_);
                requests_.push_back(request);
                answer = answer_(request);
            }
            if (cut || answer.empty()) return connection.hangs_up();
            connection.sends(answer);
        }
    }

    Answer answer_;
    std::mutex mutex_;
    std::vector<SeenRequest> requests_;
    std::size_t cut_after_ = SIZE_MAX;
    ScriptedUpstream upstream_;
};

}  // namespace seance::testing_support
