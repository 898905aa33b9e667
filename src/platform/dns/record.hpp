#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace seance::dns {

enum class RecordType { A, Aaaa, Cname, Txt, Other };
RecordType parse_record_type(std::string_view text);
std::string_view spelling(RecordType type);  // "CNAME"; "" for Other

// One record as we want it, or as the provider has it. Compare with same_content(), never by text.
struct Record {
    std::string id;  // the provider's; "" of a wanted one
    RecordType type = RecordType::Other;
    std::string type_text;        // as the provider spells it; needed for Other only
    std::string name;             // complete, lower case, without a final dot; Punycode
    std::string content;          // plain: a TXT without quotes, a CNAME's target without a final dot
    std::optional<bool> proxied;  // A, AAAA, CNAME; absent otherwise
    int ttl = 1;                  // seconds; 1 = automatic. Proxied ones always read 1
    std::string comment;          // at most kMostComment bytes, no line breaks
};

// The free plan's limit.
inline constexpr std::size_t kMostComment = 100;

// "\"a\" \"b\"" and "a b" without quotes alike: outer quotes removed, adjacent strings joined.
std::string plain_txt(std::string_view content);
// In quotes, in strings of at most 255 bytes.
std::string quoted_txt(std::string_view plain);
// Lower case, without a final dot.
std::string plain_name(std::string_view name);
// By type: what two equal records have equal.
std::string plain_content(RecordType type, std::string_view content);

// Same name, type and content (proxied and comment aside).
bool same_content(const Record& a, const Record& b);
// Nothing to change: same_content, and proxied, ttl and comment as wanted.
bool is_up_to_date(const Record& live, const Record& wanted);

// Why a record cannot be sent, as a sentence; "" if it can.
std::string record_problem(const Record& record);

}  // namespace seance::dns
