#include "platform/remote/retry.hpp"

#include <ctime>

#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"
#include "net/http/client.hpp"
#include "net/stream/errors.hpp"

namespace seance::remote {

using namespace std::chrono_literals;

std::optional<Duration> Backoff::next(std::optional<Duration> asked_for) {
    if (tries_ >= options_.attempts) return std::nullopt;
    if (asked_for && *asked_for > options_.longest_wait) return std::nullopt;
    ++tries_;
    auto own = pause_;
    pause_ = std::min(pause_ * 2, options_.longest_pause);
    return asked_for ? std::max(*asked_for, Duration(0)) : own;
}

void Backoff::restart() {
    tries_ = 1;
    pause_ = options_.first_pause;
}

Awaitable<void> pause(Duration time, double scale) {
    co_await sleep_for(Duration(static_cast<Duration::rep>(static_cast<double>(time.count()) * scale)));
}

Awaitable<bool> another_try(Backoff& backoff, const http::Fields* answer) {
    auto asked_for = answer ? retry_after(*answer, std::chrono::system_clock::now()) : std::nullopt;
    auto wait = backoff.next(asked_for);
    if (!wait) co_return false;
    co_await pause(*wait, backoff.options().backoff_scale);
    co_return true;
}

std::optional<Duration> retry_after(const http::Fields& fields, std::chrono::system_clock::time_point now) {
    auto field = trim(fields.get("retry-after"));
    if (field.empty()) return std::nullopt;
    if (auto seconds = parse_number(field)) return std::min<std::uint64_t>(*seconds, 86'400 * 365) * 1s;
    std::tm utc{};
    std::string text(field);
    auto* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    if (end == nullptr || *end != '\0') return std::nullopt;
    auto until = std::chrono::system_clock::from_time_t(timegm(&utc)) - now;
    return std::max<Duration>(until, Duration(0));
}

bool was_never_sent(error_code error) {
    return error == asio::error::connection_refused || error == asio::error::host_unreachable ||
           error == asio::error::network_unreachable || error == http::ClientErrc::NameNotFound ||
           error == http::ClientErrc::TlsFailed || error == http::ClientErrc::PoolExhausted ||
           error == stream::Errc::NameNotFound || error == stream::Errc::TlsFailed;
}

std::string tame(std::string_view text, std::size_t most) {
    std::string out;
    for (char c : text) {
        bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
        if (!blank)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
        if (out.size() > most) break;
    }
    if (out.size() > most) {
        // Not in the middle of a character.
        while (most > 0 && (static_cast<unsigned char>(out[most]) & 0xC0) == 0x80) --most;
        out.resize(most);
        out += "…";
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return is_utf8(out) ? out : std::string("(a text that is not UTF-8)");
}

}  // namespace seance::remote
