#pragma once
#include <cstddef>
#include <string_view>

#include "services/litellm/domain/chat_request.hpp"

namespace seance::litellm {

// A count that a query may name: 1 at least, and taken as `most` beyond. An error says what is no count.
Answer<std::size_t> query_count(std::string_view query, std::string_view name, std::size_t otherwise,
                                std::size_t most);

// Which part of a list is asked for; pages count from 1.
struct Page {
    std::size_t number, size;

    std::size_t begin() const { return (number - 1) * size; }
    std::size_t end(std::size_t total) const;
    std::size_t count(std::size_t total) const { return (total + size - 1) / size; }  // of all pages
};

// `page`, and the size by the name that the route has for it.
Answer<Page> parse_page(std::string_view query, std::string_view size_name, std::size_t usual_size);

}  // namespace seance::litellm
