#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace seance::edge {

// Where requests of one host go.
struct Target {
    enum Kind { Service, Files, Dashboard } kind = Service;
    std::string name;        // of the service, or of what is served, for people
    std::uint16_t port = 0;  // Service: on loopback
    std::string folder;      // Files
};

// Host names and their targets, without I/O. Names compare in lower case, without port and final dot; an
// exact name wins over a wildcard of one label ("*.seance.localhost"). Addresses are no names.
class Table {
  public:
    void add(std::string_view host, Target target);
    const Target* find(std::string_view authority) const;
    std::vector<std::pair<std::string, const Target*>> all() const;

  private:
    std::map<std::string, Target, std::less<>> targets_;
};

// "Backend.Seance.localhost.:8080" → "backend.seance.localhost"; "" for an address or nothing.
std::string host_name(std::string_view authority);

}  // namespace seance::edge
