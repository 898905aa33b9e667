#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "store/object/failure.hpp"
#include "store/object/s3/xml.hpp"

// What S3's answers mean. No I/O.
namespace seance::object {

// An answer that is no success.
struct Complaint {
    Failure failure;
    bool try_again = false;    // overload or a passing fault: a repetition may work
    bool clock_wrong = false;  // RequestTimeTooSkewed: our clock differs too much from the store's
};

// `doing` names the call for people ("PUT prod/a.txt"); `body` is the answer's XML, or empty (HEAD has none).
Complaint complaint_of(int status, std::string_view body, std::string_view doing);

// The <Error> that an answer with status 200 may carry (CompleteMultipartUpload, CopyObject).
std::optional<Complaint> hidden_complaint(std::string_view body, std::string_view doing);

std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text);  // IMF-fixdate
std::optional<std::chrono::system_clock::time_point> parse_iso_time(std::string_view text);   // …Z

}  // namespace seance::object
