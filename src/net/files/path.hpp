#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace seance::files {

// The path of a request target as the index knows it: percent-decoded once, runs of slashes merged. Nothing
// (400) if it holds a control byte, a backslash, a "." or ".." segment, or is no UTF-8.
std::optional<std::string> decode_path(std::string_view path);

// True for names that decode_path() can give: files with others can never be asked for.
bool is_servable_name(std::string_view name);

// True if a segment starts with a dot and the path is not under /.well-known/ (RFC 8615).
bool is_hidden(std::string_view path);

// True if a missing path may be a route of the single-page site: no extension in its last segment, not under
// `build_directory`, not hidden, not under /.well-known/ (whose readers are programs).
bool may_be_route(std::string_view path, std::string_view build_directory);

// True if `accept` is empty or its most specific range for text/html has a q above 0.
bool accepts_html(std::string_view accept);

}  // namespace seance::files
