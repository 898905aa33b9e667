#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seance::litellm {

// One part of a multipart/form-data body; views into it.
struct FormPart {
    std::string name;
    bool is_file = false;
    std::string_view value;
};

// The parts of a body; nothing if it is not what its Content-Type says (RFC 7578).
std::optional<std::vector<FormPart>> parse_multipart(std::string_view body, std::string_view content_type);

// The body with another text in the first part of that name, or with such a part added.
std::string set_form_field(std::string_view body, std::string_view content_type, std::string_view name,
                           std::string_view value);

}  // namespace seance::litellm
