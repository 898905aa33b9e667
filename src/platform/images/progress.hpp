#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace seance::images {

// How far one blob of one image is.
struct BlobProgress {
    enum class State {
        Uploading,  // `sent` of `total` bytes are with the registry
        Done,       // uploaded
        Present,    // it was there already
        Mounted,    // taken over from another repository of the registry
    };
    std::string_view image;   // good during the call
    std::string_view digest;  // good during the call
    State state = State::Uploading;
    std::uint64_t sent = 0, total = 0;  // `sent` goes back when an upload starts again
};

// Called on the loop, often; returns soon.
using OnProgress = std::function<void(const BlobProgress&)>;

}  // namespace seance::images
