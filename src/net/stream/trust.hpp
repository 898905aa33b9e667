#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace seance::stream {

// Whose certificates the client side of TLS takes.
struct Trust {
    std::string file = {};          // of certificates in PEM
    std::string certificates = {};  // the same as text, in place of a file; neither: the system's
    bool verify = true;             // false: whoever answers is believed, whatever their name
};

// How many certificates a text in PEM holds; 0 if one of them cannot be read.
std::size_t count_certificates(std::string_view pem);

}  // namespace seance::stream
