#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/signal_set.hpp>

#include "cli/context.hpp"
#include "core/runtime/loop.hpp"
#include "net/http/client.hpp"
#include "platform/plan/trouble.hpp"
#include "platform/targets/railway/session.hpp"

namespace seance::cli {

// Where the world is, and with what we come to it: from the variables of this process. The addresses are
// overridden in rehearsals and tests alone.
struct Addresses {
    std::string railway, cloudflare, spaces, spaces_cdn;  // SEANCE_RAILWAY_URL …; "" = the real ones
    std::string edge;                                     // SEANCE_EDGE: "address:port" of every public name
    std::string registry_from, registry_to;  // SEANCE_REGISTRY_MAP: "docker.io/x=127.0.0.1:5000/x"
    std::string ca_file;                     // SEANCE_CA_FILE: whom to trust beside the system's
    bool rehearsal() const { return !railway.empty(); }

    static Addresses from(const std::map<std::string, std::string>& environment);
    // The name under which an image is pushed and looked for.
    std::string registry_name(const std::string& image) const;
};

// The keys of a bucket.
struct SpacesKeys {
    std::string id;
    SecretText secret;
};

// One environment out in the world, reached from this process.
class Reach {
  public:
    // Fails with the exit code set in the context: no token, or one that cannot be understood. `spaces`: with
    // them the bucket is looked at, too.
    static std::unique_ptr<Reach> open(Context& context, const Manifest& manifest,
                                       std::optional<SpacesKeys> spaces, bool needs_dns = true);

    Loop& loop() { return loop_; }
    http::Client& client() { return *client_; }
    railway::Session& session() { return *session_; }
    const Addresses& addresses() const { return addresses_; }
    // The first Ctrl-C or SIGTERM gives the deploy lock back, says `what_goes_on` and ends this process with
    // 130; a second one ends it at once.
    void leave_on_signals(Context& context, std::string what_goes_on);

  private:
    Reach() = default;
    Loop loop_;
    Addresses addresses_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<railway::Graphql> graphql_;
    std::unique_ptr<railway::Api> api_;
    std::unique_ptr<dns::Cloudflare> dns_;
    std::unique_ptr<spaces::Bucket> bucket_;
    std::unique_ptr<railway::Session> session_;
    void wait_for_signal(Context& context, std::string what_goes_on);
    std::unique_ptr<asio::basic_signal_set<Executor>> signals_;
    bool leaving_ = false;
};

// Tells of trouble as the context does; gives its exit code.
int fail(Context& context, const plan::Trouble& trouble);

}  // namespace seance::cli
