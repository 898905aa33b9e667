#pragma once
#include <string>
#include <string_view>

#include "net/http/message.hpp"

namespace seance::http {

// "Date: Tue, 24 Nov 2026 08:00:00 GMT\r\n", rendered once a second for each thread.
std::string_view date_line();
// RFC 9110 section 5.6.7, of a Unix time.
std::string http_date(std::int64_t unix_seconds);

// Appends "HTTP/1.1 200 OK\r\n", and "name: value\r\n".
void append_status_line(std::string& out, int status);
void append_field(std::string& out, std::string_view name, std::string_view value);
void append_fields(std::string& out, const Fields& fields);
void append_number(std::string& out, std::uint64_t value);
void append_content_length(std::string& out, std::uint64_t length);
// "1a3\r\n": what stands before a chunk's bytes.
void append_chunk_size(std::string& out, std::uint64_t size);

}  // namespace seance::http
