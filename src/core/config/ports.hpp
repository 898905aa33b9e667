#pragma once
#include <cstdint>
#include <string_view>

#include "core/config/reader.hpp"

namespace seance::config {

// A problem if ADMIN_PORT, which is opened on 127.0.0.1, is the port of the service itself there. The kernel
// would only say that it is taken, by this very program. `setting` is what people know the service's port by.
void check_admin_port(Reader& read, std::uint16_t admin_port, std::uint16_t port, std::string_view address,
                      std::string_view setting = "PORT");

}  // namespace seance::config
