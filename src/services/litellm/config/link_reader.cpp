#include "services/litellm/config/link_reader.hpp"

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "net/stream/trust.hpp"

namespace seance::litellm {
namespace {

// The certificates of a file; "" and a sentence in `problem` if it has none that can be used. `or_else`: what
// may be written in its place.
std::string certificates_of(const std::string& file, const std::string& place, std::string_view or_else,
                            const ReadFile& read_file, std::string& problem) {
    auto text = read_file(file);
    if (text && stream::count_certificates(*text) > 0) return std::move(*text);
    problem = fmt::format(
        "{} is \"{}\", which {}; certificates of upstreams are checked against the system's. Write {}the "
        "path "
        "of a file of certificates in PEM",
        place, file, text ? "holds no certificates in PEM, or one that cannot be read" : "cannot be read",
        or_else);
    return "";
}

void warn_unchecked(const std::string& place, Notes& notes) {
    notes.warnings.push_back(fmt::format(
        "{} is false: certificates of upstreams are not checked, so whoever is on the way can read "
        "keys and prompts; name a file of certificates instead",
        place));
}

}  // namespace

SharedLink read_link(const std::string& ssl_verify, const std::string& place, bool ipv4_only,
                     const config::Sources& environment, const ReadFile& read_file, Notes& notes) {
    auto link = std::make_shared<UpstreamLink>();
    link->ipv4_only = ipv4_only;
    auto word = lower(trim(ssl_verify));
    if (word == "false") {
        link->verify = false;
        warn_unchecked(place, notes);
    } else if (!word.empty() && word != "true") {
        std::string problem;
        link->certificates =
            certificates_of(std::string(trim(ssl_verify)), place, "false, true or ", read_file, problem);
        if (!problem.empty()) {
            notes.errors.push_back(problem);
            notes.faults.push_back(problem);
        }
    }
    if (auto file = first_set({"SSL_CERT_FILE"}, environment);
        link->verify && link->certificates.empty() && !file.empty()) {
        std::string problem;
        link->certificates = certificates_of(file, "SSL_CERT_FILE", "", read_file, problem);
        if (!problem.empty()) notes.warnings.push_back(problem);
    }
    link->id = fmt::format("{}/{}/{}", link->verify, ipv4_only, sha256_hex(link->certificates));
    return link;
}

std::shared_ptr<const Deployment> with_own_link(const Deployment& deployment, const std::string& place,
                                                bool ipv4_only, const config::Sources& environment,
                                                const ReadFile& read_file, Notes& notes) {
    auto linked = std::make_shared<Deployment>(deployment);
    linked->link = read_link(deployment.ssl_verify, place, ipv4_only, environment, read_file, notes);
    return linked;
}

void read_links(const Node& litellm_settings, Config& config, const ReadFile& read_file) {
    auto& notes = config.notes;
    auto& environment = config.environment;
    bool ipv4_only = read_bool(litellm_settings.find("force_ipv4"), notes).value_or(false);
    auto setting = litellm_settings.find("ssl_verify");
    auto said = read_text(setting, notes).value_or("");
    auto place = setting ? setting->place() + "litellm_settings.ssl_verify" : std::string();
    if (auto variable = first_set({"SSL_VERIFY"}, environment); !variable.empty()) {
        said = variable;
        place = "SSL_VERIFY";
    }
    config.link = read_link(said, place, ipv4_only, environment, read_file, notes);
    for (auto& deployment : config.deployments) {
        if (deployment->ssl_verify.empty()) continue;
        auto own_place = fmt::format("litellm_params.ssl_verify of {}", deployment->model_name);
        deployment = with_own_link(*deployment, own_place, ipv4_only, environment, read_file, notes);
    }
}

}  // namespace seance::litellm
