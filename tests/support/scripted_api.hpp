#pragma once
#include <boost/json.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace seance::testing_support {

inline std::string json_answer(std::string_view body, std::string_view status = "200 OK",
                               std::string_view fields = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: application/json\r\n" +
           std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

// A JSON API that gives these answers in turn, the last one for ever, and keeps what it was asked. An empty
// answer is a connection that is cut after the request; one that stops short of its length is cut there.
class ScriptedApi {
  public:
    struct Asked {
        std::string head, body;
        boost::json::value json() const {
            boost::system::error_code error;
            return boost::json::parse(body, error);
        }
        bool has(std::string_view field) const { return head.find(field) != std::string::npos; }
    };

    explicit ScriptedApi(std::vector<std::string> answers)
        : answers_(std::move(answers)),
          upstream_([this](UpstreamConnection& connection) { serve(connection); }) {}

    std::uint16_t port() const { return upstream_.port(); }
    int connections() const { return upstream_.connections(); }
    std::vector<Asked> asked() {
        std::lock_guard lock(mutex_);
        return asked_;
    }
    std::size_t calls() { return asked().size(); }

    bool one_byte_at_a_time = false;

  private:
    void serve(UpstreamConnection& connection) {
        while (true) {
            Asked asked;
            asked.head = connection.receives_head();
            if (asked.head.empty()) return;
            auto lowered = lower(asked.head);
            if (auto at = lowered.find("content-length: "); at != std::string::npos)
                asked.body = connection.receives(std::stoul(lowered.substr(at + 16)));
            std::string reply;
            {
                std::lock_guard lock(mutex_);
                reply = answers_[std::min(asked_.size(), answers_.size() - 1)];
                asked_.push_back(std::move(asked));
            }
            if (one_byte_at_a_time)
                for (char c : reply) connection.sends(std::string_view(&c, 1));
            else
                connection.sends(reply);
            if (!is_whole(reply)) return connection.hangs_up();
        }
    }
    static bool is_whole(const std::string& reply) {
        auto end = reply.find("\r\n\r\n"), length = reply.find("Content-Length: ");
        return end != std::string::npos && length != std::string::npos &&
               reply.size() == end + 4 + std::stoul(reply.substr(length + 16));
    }

    std::mutex mutex_;
    std::vector<std::string> answers_;
    std::vector<Asked> asked_;
    ScriptedUpstream upstream_;
};

}  // namespace seance::testing_support
