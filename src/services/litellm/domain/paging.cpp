#include "services/litellm/domain/paging.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/message.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostPages = 1'000'000, kMostSize = 1000;

}  // namespace

Answer<std::size_t> query_count(std::string_view query, std::string_view name, std::size_t otherwise,
                                std::size_t most) {
    auto text = http::query_value(query, name);
    using Count = Answer<std::size_t>;
    if (!text || text->empty()) return Count(boost::system::in_place_value, otherwise);
    auto number = parse_number(*text);
    if (!number || *number == 0)
        return bad_request(
            fmt::format("{} is \"{}\"; write a whole number from 1 up", name, text->substr(0, 50)),
            std::string(name));
    return Count(boost::system::in_place_value, std::min<std::size_t>(*number, most));
}

std::size_t Page::end(std::size_t total) const {
    return std::min(number * size, total);
}

Answer<Page> parse_page(std::string_view query, std::string_view size_name, std::size_t usual_size) {
    auto number = query_count(query, "page", 1, kMostPages);
    if (!number) return number.error();
    auto size = query_count(query, size_name, usual_size, kMostSize);
    if (!size) return size.error();
    return Page{*number, *size};
}

}  // namespace seance::litellm
