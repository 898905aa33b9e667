#include "core/config/ports.hpp"

#include <fmt/format.h>

namespace seance::config {

void check_admin_port(Reader& read, std::uint16_t admin_port, std::uint16_t port, std::string_view address,
                      std::string_view setting) {
    // On an address of its own, such as 10.0.0.1, the service is not in the way.
    bool meets = address == "::" || address == "0.0.0.0" || address == "127.0.0.1" || address == "localhost";
    if (admin_port == 0 || admin_port != port || !meets) return;
    read.problem(fmt::format("ADMIN_PORT is {}, the same as {}; set one of the two to another port",
                             admin_port, setting));
}

}  // namespace seance::config
