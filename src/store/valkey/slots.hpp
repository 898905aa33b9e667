#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "store/valkey/address.hpp"
#include "store/valkey/reply.hpp"

namespace seance::valkey {

// How a cluster divides its keys and channels, without I/O.
inline constexpr std::size_t kSlots = 16384;

std::uint16_t slot_of(std::string_view name);  // with the rule of {tags}

struct Shard {
    Address master;
    struct Range {
        std::uint16_t first, last;
    };
    std::vector<Range> slots;
};

// Of the answer to CLUSTER SLOTS. Login and unnamed hosts are those of `asked`. Empty: no slot is served, or
// the answer is none that we know.
std::vector<Shard> read_shards(const Reply& answer, const Address& asked);

}  // namespace seance::valkey
