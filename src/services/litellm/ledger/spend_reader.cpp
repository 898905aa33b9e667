#include "services/litellm/ledger/spend_reader.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::size_t kMostDays = 3700, kPage = 500;

std::int64_t number_in(std::string_view text) {
    bool negative = text.starts_with('-');
    auto number = static_cast<std::int64_t>(parse_number(text.substr(negative ? 1 : 0)).value_or(0));
    return negative ? -number : number;
}

// The id just before "<ms>-<n>".
std::string before(const std::string& id) {
    return "(" + id;
}

}  // namespace

Awaitable<Result<std::vector<SpendReader::Day>>> SpendReader::days(UnixMs from, UnixMs until) {
    std::vector<Day> days;
    std::vector<std::string> known{"ZRANGEBYLEX", store_.key("days"), "[" + print_day(from),
                                   "[" + print_day(until)};
    auto dates = co_await store_.command(std::move(known));
    if (!dates) co_return dates.error();
    for (auto& date : dates->list) {
        if (days.size() >= kMostDays) break;
        std::vector<std::string> words{"HGETALL", store_.record_key("day", date.text)};
        auto reply = co_await store_.command(std::move(words));
        if (!reply) co_return reply.error();
        Day day{date.text, {}};
        for (std::size_t i = 0; i + 1 < reply->list.size(); i += 2)
            day.sums.add(reply->list[i].text, number_in(reply->list[i + 1].text));
        days.push_back(std::move(day));
    }
    co_return days;
}

Awaitable<Result<std::vector<std::string>>> SpendReader::records(std::optional<UnixMs> from,
                                                                 std::optional<UnixMs> until,
                                                                 std::function<bool(std::string_view)> wanted,
                                                                 std::size_t most) {
    std::vector<std::string> found;
    // A record is settled at its call's end: a day later than its start at most.
    std::string newest = until ? std::to_string(*until + kDay) : "+";
    std::string oldest = from ? std::to_string(std::max<UnixMs>(*from, 0)) : "-";
    for (std::size_t scanned = 0; scanned < kMostScanned && found.size() < most;) {
        std::vector<std::string> words{"XREVRANGE", store_.key("spend"),  newest, oldest,
                                       "COUNT",     std::to_string(kPage)};
        auto reply = co_await store_.command(std::move(words));
        if (!reply) co_return reply.error();
        for (auto& entry : reply->list) {
            if (entry.list.size() < 2 || entry.list[1].list.size() < 2) continue;
            auto& text = entry.list[1].list[1].text;
            if (found.size() < most && wanted(text)) found.push_back(std::move(text));
            newest = before(entry.list[0].text);
        }
        scanned += reply->list.size();
        if (reply->list.size() < kPage) break;
    }
    co_return found;
}

}  // namespace seance::litellm
