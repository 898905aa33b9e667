#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "net/files/file_index.hpp"
#include "net/http/message.hpp"

namespace seance::files {

// What a request gets. Views are good as long as the index.
struct Answer {
    int status = 200;
    // A response rendered before, which is the usual case: GET of a file that is held in memory, or 304.
    std::string_view head = {}, body = {};
    std::string made_head = {};  // in place of `head`, for a range

    // In place of both: bytes of a file that is not held.
    const File* from_disk = nullptr;
    ByteRange range = {};

    // Of the answers without a rendered head: 204, 301, errors, and files from disk. Without Content-Length.
    http::Fields fields = {};
};

// The rules of static files, without I/O. Allocates nothing for a file asked for by its exact path without
// conditions and ranges.
Answer decide(const FileIndex& index, const http::RequestHead& request);

}  // namespace seance::files
