#include "platform/secrets/secret_source.hpp"

#include "platform/secrets/env_file.hpp"
#include "platform/secrets/sops_file.hpp"

namespace seance::secrets {

std::unique_ptr<SecretSource> source_of(const std::string& path,
                                        std::map<std::string, std::string> environment) {
    const auto name = path.substr(path.rfind('/') + 1);
    if (name.starts_with(".env") || name.ends_with(".env")) return std::make_unique<EnvFile>(path);
    SopsOptions options;
    options.environment = std::move(environment);
    return std::make_unique<SopsFile>(path, std::move(options));
}

}  // namespace seance::secrets
