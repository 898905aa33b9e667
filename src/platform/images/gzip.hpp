#pragma once
#include <string>
#include <string_view>

namespace seance::images {

// One gzip stream (RFC 1952) that is the same for the same input: no time, name or system in its header, one
// level. Another version of libdeflate may compress differently; docs/images.md says what follows from it.
std::string gzip(std::string_view data);

}  // namespace seance::images
