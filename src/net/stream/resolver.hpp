#pragma once
#include <boost/asio/ip/address.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/awaitable.hpp"

namespace seance::stream {

using Addresses = std::vector<asio::ip::address>;

// RFC 8305 section 4: families take turns, beginning with the family of the first address.
Addresses interleave_families(const Addresses& addresses);

// "10.0.0.1", "::1", "[::1]", and localhost with everything below it; nothing for other names.
Addresses addresses_without_dns(std::string_view host);

// Names to addresses, remembered by one loop. An answer younger than 30 s is given as it is; one younger than
// 5 minutes is given while a fresh one is asked for in the background; an older one is given, up to 1 h, only
// if DNS fails. So a failing DNS server neither delays nor breaks what worked before.
class Resolver {
  public:
    explicit Resolver(Executor executor);
    ~Resolver();

    Awaitable<Result<Addresses>> resolve(std::string host);  // Errc::NameNotFound
    // False only if the name's addresses are known and `address` is not among them any more.
    bool still_valid(std::string_view host, const asio::ip::address& address) const;
    // From now on `host` has these addresses and DNS is not asked. For tests and pinned names.
    void set_override(std::string host, Addresses addresses);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace seance::stream
