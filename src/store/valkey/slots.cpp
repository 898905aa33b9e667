#include "store/valkey/slots.hpp"

#include <algorithm>

namespace seance::valkey {
namespace {

// CRC-16/XMODEM, bit by bit: it is computed once for each topic that a process joins.
std::uint16_t crc16(std::string_view text) {
    unsigned crc = 0;
    for (char byte : text) {
        crc ^= static_cast<unsigned>(static_cast<unsigned char>(byte)) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1;
        crc &= 0xFFFFU;
    }
    return static_cast<std::uint16_t>(crc);
}

bool is_range(const Reply& entry) {
    using Kind = Reply::Kind;
    if (entry.list.size() < 3 || entry.list[0].kind != Kind::Integer || entry.list[1].kind != Kind::Integer)
        return false;
    const auto& master = entry.list[2].list;
    auto first = entry.list[0].integer, last = entry.list[1].integer;
    return master.size() >= 2 && master[1].kind == Kind::Integer && master[1].integer > 0 &&
           master[1].integer <= 65535 && first >= 0 && first <= last &&
           last < static_cast<std::int64_t>(kSlots);
}

}  // namespace

std::uint16_t slot_of(std::string_view name) {
    auto open = name.find('{');
    if (open != std::string_view::npos) {
        auto close = name.find('}', open + 1);
        if (close != std::string_view::npos && close > open + 1)
            name = name.substr(open + 1, close - open - 1);
    }
    return static_cast<std::uint16_t>(crc16(name) % kSlots);
}

std::vector<Shard> read_shards(const Reply& answer, const Address& asked) {
    std::vector<Shard> shards;
    for (const auto& entry : answer.list) {
        if (!is_range(entry)) return {};
        Address master = asked;
        const auto& host = entry.list[2].list[0];
        if (!host.text.empty() && host.text != "?") master.host = host.text;
        master.port = static_cast<std::uint16_t>(entry.list[2].list[1].integer);
        auto shard = std::find_if(shards.begin(), shards.end(), [&](const Shard& known) {
            return known.master.host == master.host && known.master.port == master.port;
        });
        if (shard == shards.end()) {
            shards.push_back({master, {}});
            shard = shards.end() - 1;
        }
        shard->slots.push_back({static_cast<std::uint16_t>(entry.list[0].integer),
                                static_cast<std::uint16_t>(entry.list[1].integer)});
    }
    return shards;
}

}  // namespace seance::valkey
