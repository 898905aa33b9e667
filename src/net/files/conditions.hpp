#pragma once
#include <string_view>

#include "net/files/date.hpp"
#include "net/http/message.hpp"

namespace seance::files {

// What a stored file is known by. The tag is strong, with its quotes.
struct Validators {
    std::string_view etag;
    UnixSeconds modified = 0;
    bool date_is_strong =
        false;  // not changed within the second before it was read (RFC 9110 section 8.8.2.2)
};

enum class Condition { Send, NotModified, Failed };

// The conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2. Dates that are none are ignored.
Condition evaluate(const http::FieldViews& fields, const Validators& file);

// True if a Range field counts: there is no If-Range, or it is for this file by strong comparison.
bool range_applies(const http::FieldViews& fields, const Validators& file);

}  // namespace seance::files
