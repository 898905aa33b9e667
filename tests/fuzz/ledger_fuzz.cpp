// What the gateway's ledger reads from people, providers and its own files: records, times, prices, cache
// keys, streams to be cached, and spools that a failing machine may have torn. The first byte says which.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>
#include <boost/json/parse.hpp>

#include "services/litellm/domain/cache_wish.hpp"
#include "services/litellm/domain/day_sums.hpp"
#include "services/litellm/domain/entity.hpp"
#include "services/litellm/domain/key_policy.hpp"
#include "services/litellm/domain/price_table.hpp"
#include "services/litellm/domain/record_fields.hpp"
#include "services/litellm/domain/stream_collector.hpp"
#include "services/litellm/ledger/spool_segment.hpp"

using namespace seance::litellm;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void read_times(std::string_view text) {
    if (auto when = parse_time(text)) check(parse_time(print_time(*when)) == when);
    if (auto period = read_period(text)) {
        check(period->seconds > 0 || period->months > 0);
        check(next_reset(*period, 0, 1'000'000'000'000) > 0);
    }
}

void read_records(std::string_view text) {
    read_entity(std::string(text));
    boost::system::error_code wrong;
    auto value = boost::json::parse({text.data(), text.size()}, wrong);
    if (wrong || !value.is_object()) return;
    for (auto kind :
         {RecordKind::Key, RecordKind::User, RecordKind::Team, RecordKind::Customer, RecordKind::Budget})
        for (auto what : {Clamp::Whole, Clamp::Change})
            if (auto fields = read_fields(kind, value.get_object(), 0))
                clamp_fields(*fields, value.get_object(), 0, what);
}

void read_prices(std::string_view text) {
    auto table = PriceTable::parse(text, "fuzz");
    if (!table) return;
    if (auto entry = table->entry("openai", "m")) {
        Usage usage;
        usage.prompt = 300'000;
        usage.cached = 200'000;
        usage.cache_creation = 200'000;
        usage.completion = 10;
        usage.reasoning = 20;
        check(cost_of(read_price(*entry), usage) >= 0);
    }
}

void read_cache(std::string_view text) {
    auto root = parse_json(text);
    if (!root || !root->is(JsonKind::Object)) return;
    CacheConfig config;
    config.enabled = true;
    if (auto wish = read_cache_wish(config, "acompletion", "g", *root, {}, {}); wish && wish->any())
        check(wish->key.size() >= 64);
}

void collect(std::string_view text) {
    StreamCollector whole, cut;
    whole.feed(text);
    for (char c : text) cut.feed({&c, 1});
    auto completion = whole.completion(Usage{});
    check(completion == cut.completion(Usage{}));
    if (completion) check(parse_json(*completion).has_value());
}

void read_spool(std::string_view text) {
    static const auto file =
        (std::filesystem::temp_directory_path() / ("seance-fuzz-spool-" + std::to_string(getpid()))).string();
    {
        std::ofstream out(file, std::ios::binary | std::ios::trunc);
        out << "SEANCEW1" << text;
    }
    if (auto segment = SpoolSegment::open(file)) {
        auto place = segment->first();
        while (auto entry = segment->at(place)) {
            check(entry->next > place && entry->next <= segment->size());
            place = entry->next;
        }
        segment->append(1, "a", "b");
    }
    std::filesystem::remove(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0]) {
        case 't':
            read_times(text);
            break;
        case 'r':
            read_records(text);
            break;
        case 'p':
            read_prices(text);
            break;
        case 'c':
            read_cache(text);
            break;
        case 's':
            collect(text);
            break;
        case 'w':
            read_spool(text);
            break;
        default: {
            DaySums sums;
            sums.add(text, 1);
            sums.all();
        }
    }
    return 0;
}
