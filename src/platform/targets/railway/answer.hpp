#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"
#include "net/http/client.hpp"
#include "platform/remote/failure.hpp"
#include "platform/remote/json_view.hpp"
#include "platform/targets/railway/credential.hpp"

// What an answer of Railway's GraphQL endpoint means. No I/O.
namespace seance::railway {

struct Judgement {
    std::optional<boost::json::object> data;  // a success, else `failure`
    remote::Failure failure;
    enum class Again { Never, Once, AsOften } again = Again::Never;
    bool not_executed = false;  // refused before anything was done: may be repeated whatever it is
    bool unclear = false;       // whether a change was made cannot be told from this answer
    std::optional<Duration> wait;
};

// `doing` is the operation's name; the texts in `hidden` are kept out of the sentence.
Judgement judge(const http::WholeResponse& answer, std::string_view doing, TokenKind kind,
                std::span<const SecretText> hidden, std::chrono::system_clock::time_point now);

// What the `errors` of an answer, or an error message of a subscription, say.
Judgement judge_errors(remote::JsonView errors, std::string_view doing, TokenKind kind,
                       std::span<const SecretText> hidden);

// X-RateLimit-*: the number of calls left and when there will be more.
struct RateLimit {
    std::optional<std::uint64_t> limit, remaining;
    std::optional<std::chrono::system_clock::time_point> resets_at;
};
RateLimit read_rate_limit(const http::Fields& fields, std::chrono::system_clock::time_point now);

// `text` with «hidden» in place of each secret, as it is and as JSON spells it. Texts of fewer than four
// bytes
// ("80", "on") stay: they tell nothing and would tear the sentence apart.
std::string hide(std::string text, std::span<const SecretText> secrets);

}  // namespace seance::railway
