#pragma once
#include <string_view>

namespace seance::object {

// The media type of a published file by the ending of its name (reference/backend.md section 1.3), else
// application/octet-stream.
std::string_view content_type_of(std::string_view path);

}  // namespace seance::object
