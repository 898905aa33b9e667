#pragma once
#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/raw_client.hpp"

namespace seance::testing_support {

struct HttpAnswer {
    int status = 0;
    std::string head, body;

    boost::json::value json() const {
        boost::system::error_code error;
        return boost::json::parse(body, error);
    }
    std::string text(const char* member) const {
        auto value = json();
        auto* object = value.if_object();
        auto* found = object ? object->if_contains(member) : nullptr;
        return found && found->is_string() ? found->as_string().c_str() : "";
    }
};

inline HttpAnswer split_answer(const std::string& all) {
    HttpAnswer answer;
    auto end = all.find("\r\n\r\n");
    answer.head = all.substr(0, end);
    if (end != std::string::npos) answer.body = all.substr(end + 4);
    if (answer.head.size() > 12) answer.status = std::atoi(answer.head.c_str() + 9);
    return answer;
}

// One request on a connection of its own; the answer is whatever came until the server closed.
inline HttpAnswer call(std::uint16_t port, const std::string& method, const std::string& target,
                       const std::vector<std::pair<std::string, std::string>>& fields = {},
                       const std::string& body = "") {
    RawClient client(port);
    client.patience = std::chrono::milliseconds(30'000);
    std::string wire = method + ' ' + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
    for (const auto& [name, value] : fields) wire += name + ": " + value + "\r\n";
    if (!body.empty()) wire += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    client.sends(wire + "\r\n");
    client.sends(body);
    return split_answer(client.receives_all());
}

}  // namespace seance::testing_support
