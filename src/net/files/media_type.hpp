#pragma once
#include <string_view>

namespace seance::files {

struct MediaType {
    std::string_view name;      // as in Content-Type
    bool compressible = false;  // text and what is like it; not what is packed already
    bool is_page = false;       // HTML
};

// By the extension of the path, in any case; "application/octet-stream" if it is unknown.
MediaType media_type(std::string_view path);

}  // namespace seance::files
