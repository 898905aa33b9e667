#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The CORS rules of a bucket as S3 writes them. No I/O.
namespace seance::spaces {

// S3 refuses a larger document.
inline constexpr std::size_t kMostCorsBytes = 64 << 10;

// Why this is no origin that a rule can name, as words that follow it ("has a path"); "" if it is one. Good
// are "https://seance.dev", with a port, with one "*" in it, and "*".
std::string origin_problem(std::string_view origin);

// One rule that lets pages of these origins GET and HEAD, with any request header (Range among them).
std::string cors_document(const std::vector<std::string>& origins);

// The origins of all rules that allow GET, each once, in the order of their rules. Nothing if the text is no
// CORSConfiguration.
std::optional<std::vector<std::string>> readable_from(std::string_view document);

}  // namespace seance::spaces
