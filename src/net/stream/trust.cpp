#include "net/stream/trust.hpp"

#include <openssl/asn1t.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>

#include "core/base/hash.hpp"

namespace seance::stream {
namespace {

template <auto free>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        free(object);
    }
};
using Text = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Store = std::shared_ptr<X509_STORE>;

Text text_of(std::string_view pem) {
    if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
    return Text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// To OpenSSL the end of a text is an error as well, of its own kind.
bool has_ended() {
    auto why = ERR_peek_last_error();
    ERR_clear_error();
    return ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
}

// One piece of a text in PEM (RFC 7468).
struct Block {
    // Not by OPENSSL_free(), which leaves the name of this file in the program.
    ~Block() {
        for (void* part : {static_cast<void*>(label), static_cast<void*>(header), static_cast<void*>(der)})
            CRYPTO_free(part, "", 0);
    }
    bool read(BIO* text) { return PEM_read_bio(text, &label, &header, &der, &size) == 1; }

    bool is_certificate() const {
        auto said = std::string_view(label);
        return said == PEM_STRING_X509 || said == PEM_STRING_X509_OLD || said == PEM_STRING_X509_TRUSTED;
    }

    // RFC 5280 section 4.1: what is signed, the algorithm, the signature. OpenSSL's own trusted form has more
    // behind it.
    bool has_frame() const {
        const unsigned char* at = der;
        const std::unique_ptr<ASN1_SEQUENCE_ANY, void (*)(ASN1_SEQUENCE_ANY*)> parts{
            d2i_ASN1_SEQUENCE_ANY(nullptr, &at, size),
            [](ASN1_SEQUENCE_ANY* all) { sk_ASN1_TYPE_pop_free(all, ASN1_TYPE_free); }};
        constexpr int kTypes[] = {V_ASN1_SEQUENCE, V_ASN1_SEQUENCE, V_ASN1_BIT_STRING};
        if (!parts || sk_ASN1_TYPE_num(parts.get()) != std::ssize(kTypes)) return false;
        for (int i = 0; i < std::ssize(kTypes); ++i)
            if (sk_ASN1_TYPE_value(parts.get(), i)->type != kTypes[i]) return false;
        return at == der + size || std::string_view(label) == PEM_STRING_X509_TRUSTED;
    }

    char *label = nullptr, *header = nullptr;
    unsigned char* der = nullptr;
    long size = 0;
};

Store read_system_store() {
    Store store(X509_STORE_new(), X509_STORE_free);
    return X509_STORE_set_default_paths(store.get()) == 1 ? store : nullptr;
}

Store read_store(std::string_view pem) {
    Store store(X509_STORE_new(), X509_STORE_free);
    auto text = text_of(pem);
    if (!text) return nullptr;
    ERR_clear_error();
    bool any = false;
    // OpenSSL's own trusted form as well.
    auto next = [&] { return Certificate(PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr)); };
    while (auto one = next()) {
        if (X509_STORE_add_cert(store.get(), one.get()) != 1) return nullptr;
        any = true;
    }
    return has_ended() && any ? store : nullptr;
}

}  // namespace

std::size_t count_certificates(std::string_view pem) {
    auto text = text_of(pem);
    if (!text) return 0;
    std::size_t count = 0;
    ERR_clear_error();
    while (true) {
        Block block;
        if (!block.read(text.get())) return has_ended() ? count : 0;
        if (!block.is_certificate()) continue;
        if (!block.has_frame()) return 0;
        ++count;
    }
}

std::shared_ptr<X509_STORE> authorities_of(const Trust& trust) {
    auto source = "the certificates in \"" + trust.file + '"';
    auto pem = trust.certificates;
    bool readable = true;
    if (!trust.file.empty()) {
        std::ifstream file(trust.file);
        readable = file.is_open();
        pem.assign(std::istreambuf_iterator<char>(file), {});
    } else {
        source = pem.empty() ? "the system's certificates" : "the certificates of a text";
    }
    bool system = trust.file.empty() && pem.empty();

    // Whoever asks while they are being read waits for them: reading them again takes as long.
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<X509_STORE>> known;  // by hash; "" = the system's
    std::lock_guard lock(mutex);
    std::erase_if(known, [](const auto& one) { return one.second.expired(); });
    auto& kept = known[system ? std::string() : sha256_hex(pem)];
    auto store = kept.lock();
    if (!store && readable) kept = store = system ? read_system_store() : read_store(pem);
    if (!store)
        throw std::runtime_error(source + " could not be read; name a PEM file of trusted certificates");
    return store;
}

}  // namespace seance::stream
