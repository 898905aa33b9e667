#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "net/http/message.hpp"

namespace seance::backend {

// Which pages may read our answers (CORS). Others get no such field, and their browsers refuse.
class AllowedOrigins {
  public:
    explicit AllowedOrigins(std::vector<std::string> origins) : origins_(std::move(origins)) {}

    // Adds what the answer to a request from `origin` ("" = no Origin) needs; `requested` are the fields a
    // preflight asks for.
    void apply(http::Fields& fields, std::string_view origin) const;
    void apply_preflight(http::Fields& fields, std::string_view origin, std::string_view requested) const;

  private:
    bool allows(std::string_view origin) const;
    std::vector<std::string> origins_;
};

}  // namespace seance::backend
