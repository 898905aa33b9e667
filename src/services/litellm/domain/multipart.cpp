#include "services/litellm/domain/multipart.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_edit.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostParts = 1000;

// A parameter of a header such as `form-data; name="model"`; "" if it is absent.
std::string parameter(std::string_view header, std::string_view name) {
    std::size_t at = 0;
    while ((at = header.find(';', at)) != std::string_view::npos) {
        auto rest = trim(header.substr(++at));
        if (rest.size() <= name.size() || !iequals(rest.substr(0, name.size()), name) ||
            rest[name.size()] != '=')
            continue;
        rest.remove_prefix(name.size() + 1);
        if (!rest.starts_with('"')) return std::string(trim(rest.substr(0, rest.find(';'))));
        std::string value;
        for (std::size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
            if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
            value += rest[i];
        }
        return value;
    }
    return "";
}

}  // namespace

std::optional<std::vector<FormPart>> parse_multipart(std::string_view body, std::string_view content_type) {
    auto boundary = parameter(content_type, "boundary");
    if (boundary.empty() || boundary.size() > 70) return std::nullopt;
    auto open = "--" + boundary, close = "\r\n--" + boundary;
    std::vector<FormPart> parts;
    auto at = body.find(open);
    if (at == std::string_view::npos || (at > 0 && !body.substr(0, at).ends_with("\r\n")))
        return std::nullopt;
    at += open.size();
    while (true) {
        if (body.substr(at).starts_with("--")) return parts;
        if (!body.substr(at).starts_with("\r\n") || parts.size() == kMostParts) return std::nullopt;
        at += 2;
        FormPart part;
        while (true) {  // its headers
            auto end = body.find("\r\n", at);
            if (end == std::string_view::npos) return std::nullopt;
            auto line = body.substr(at, end - at);
            at = end + 2;
            if (line.empty()) break;
            auto colon = line.find(':');
            if (!iequals(line.substr(0, colon), "Content-Disposition")) continue;
            part.name = parameter(line, "name");
            part.is_file = line.find("filename") != std::string_view::npos;
        }
        // A part without even an empty value, which nobody sends, could not be given one.
        auto end = body.find(close, at);
        if (end == std::string_view::npos || body.substr(at - 2).starts_with(close)) return std::nullopt;
        part.value = body.substr(at, end - at);
        parts.push_back(std::move(part));
        at = end + close.size();
    }
}

std::string set_form_field(std::string_view body, std::string_view content_type, std::string_view name,
                           std::string_view value) {
    auto parts = parse_multipart(body, content_type);
    if (!parts) return std::string(body);
    for (auto& part : *parts)
        if (part.name == name && !part.is_file) return replace_part(body, part.value, value);
    auto open = "--" + parameter(content_type, "boundary");
    auto at = body.find(open);  // what stands before it is nobody's
    return fmt::format("{}{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n{}",
                       body.substr(0, at), open, name, value, body.substr(at));
}

}  // namespace seance::litellm
