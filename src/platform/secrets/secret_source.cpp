#include "platform/secrets/secret_source.hpp"

#include "platform/secrets/env_file.hpp"
#include "platform/secrets/sops_file.hpp"

namespace seance::secrets {

namespace {

bool is_env_file(const std::string& path) {
    const auto name = path.substr(path.rfind('/') + 1);
    return name.starts_with(".env") || name.ends_with(".env");
}

}  // namespace

std::string how_to_edit(const std::string& path) {
    return (is_env_file(path) ? "edit " : "sops edit ") + path;
}

std::string how_to_make(const std::string& path) {
    return is_env_file(path)
               ? "write it, a line NAME=value for each secret, for your eyes alone: chmod 600 " + path
               : "make it with sops and age: age-keygen makes a key, its public half (age1…) goes into "
                 ".sops.yaml "
                 "under creation_rules, then: sops edit " +
                     path;
}

std::unique_ptr<SecretSource> source_of(const std::string& path,
                                        std::map<std::string, std::string> environment) {
    if (is_env_file(path)) return std::make_unique<EnvFile>(path);
    SopsOptions options;
    options.environment = std::move(environment);
    return std::make_unique<SopsFile>(path, std::move(options));
}

}  // namespace seance::secrets
