#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "services/litellm/domain/dialogue.hpp"

namespace seance::litellm {

// What a client gets of a stream whose bytes come in pieces of `size`.
inline std::string relayed(StreamRelay& stream, std::string_view bytes, std::size_t size) {
    std::string out;
    bool over = false;
    auto take = [&](const StreamRelay::Step& step) {
        out += step.out;
        over = step.over();
        if (step.error) out += stream.error_event(*step.error);
    };
    for (; !bytes.empty() && !over; bytes.remove_prefix(std::min(size, bytes.size())))
        take(stream.feed(bytes.substr(0, size)));
    if (!over) take(stream.end());
    stream.usage();
    return out;
}

}  // namespace seance::litellm
