#include "store/valkey/client.hpp"

namespace seance::valkey {
namespace {

class Category final : public boost::system::error_category {
  public:
    const char* name() const noexcept override { return "valkey"; }
    std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::NotConnected:
                return "Valkey cannot be reached";
            case Errc::QueueFull:
                return "too many commands wait for Valkey";
            case Errc::ConnectionLost:
                return "the connection to Valkey was lost before the reply";
            case Errc::Refused:
                return "Valkey refused the connection's user, password or database";
            case Errc::OwnConnection:
                return "this command needs a connection of its own";
        }
        return "unknown";
    }
};

}  // namespace

error_code make_error_code(Errc code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

}  // namespace seance::valkey
