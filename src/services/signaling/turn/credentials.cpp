#include "services/signaling/turn/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"
#include "core/observe/log.hpp"

namespace seance::signaling::turn {

Credentials make_credentials(const SecretText& secret, std::int64_t expires, std::string_view user) {
    Credentials made;
    made.username = user.empty() ? std::to_string(expires) : fmt::format("{}:{}", expires, user);
    made.credential = SecretText(base64_encode(hmac_sha1(secret.reveal(), made.username)));
    return made;
}

bool is_user(std::string_view user) {
    return !user.empty() && user.size() <= 64 &&
           user.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") ==
               std::string_view::npos;
}

std::string print_credentials(const Credentials& credentials, const Settings& settings) {
    std::string out = "{\"username\":";
    observe::append_json_string(out, credentials.username);
    out += ",\"credential\":";
    observe::append_json_string(out, credentials.credential.reveal());
    out += fmt::format(",\"ttl\":{},\"urls\":[",
                       std::chrono::duration_cast<std::chrono::seconds>(settings.ttl).count());
    for (std::size_t i = 0; i < settings.urls.size(); ++i) {
        if (i > 0) out += ',';
        observe::append_json_string(out, settings.urls[i]);
    }
    return out += "]}";
}

}  // namespace seance::signaling::turn
