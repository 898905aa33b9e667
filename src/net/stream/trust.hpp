#pragma once
#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace seance::stream {

// Whose certificates the client side of TLS takes.
struct Trust {
    std::string file = {};          // of certificates in PEM
    std::string certificates = {};  // the same as text, in place of a file; neither: the system's
    bool verify = true;             // false: whoever answers is believed, whatever their name
};

// How many certificates a text in PEM holds; 0 if one of them cannot be read. It looks at their frames alone:
// to read a system's whole store takes OpenSSL 0.25 ms a certificate.
std::size_t count_certificates(std::string_view pem);

// The authorities that `trust` names, read once for all threads of the process while somebody holds them.
// Throws std::runtime_error, which says where they were to come from, if they cannot be read.
std::shared_ptr<X509_STORE> authorities_of(const Trust& trust);

}  // namespace seance::stream
