#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seance::object {

// An element of an XML answer, without attributes and namespaces: S3's answers need neither.
struct Element {
    std::string name;
    std::string text;  // of the element itself, decoded
    std::vector<Element> children;

    const Element* find(std::string_view child) const;     // the first; null if there is none
    std::string_view value(std::string_view child) const;  // its text, or ""
};

// One whole document. Nothing if it is not well-formed, has a document type (nobody sends one in good faith)
// or is nested deeper than 32.
std::optional<Element> parse_xml(std::string_view text);

// Text made safe to stand between tags.
std::string escape_xml(std::string_view text);

}  // namespace seance::object
