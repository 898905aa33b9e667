#include "net/stream/errors.hpp"

namespace seance::stream {
namespace {

class Category final : public boost::system::error_category {
  public:
    const char* name() const noexcept override { return "seance.stream"; }
    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::NameNotFound:
                return "the name could not be resolved";
            case Errc::TlsFailed:
                return "the TLS handshake or the certificate check failed";
        }
        return "unknown stream error";
    }
};

}  // namespace

error_code make_error_code(Errc code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

}  // namespace seance::stream
