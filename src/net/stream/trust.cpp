#include "net/stream/trust.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits>
#include <memory>

namespace seance::stream {

std::size_t count_certificates(std::string_view pem) {
    if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return 0;
    std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                   BIO_free);
    std::size_t count = 0;
    ERR_clear_error();
    while (auto* certificate = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
        X509_free(certificate);
        ++count;
    }
    // To OpenSSL the end is an error as well, of its own kind.
    auto why = ERR_peek_last_error();
    bool ended = ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return ended ? count : 0;
}

}  // namespace seance::stream
