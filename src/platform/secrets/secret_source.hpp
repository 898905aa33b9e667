#pragma once
#include <map>
#include <memory>
#include <string>

#include "core/runtime/awaitable.hpp"
#include "platform/secrets/bundle.hpp"
#include "platform/secrets/failure.hpp"
#include "platform/secrets/locked_file.hpp"

namespace seance::secrets {

// Where the secrets of an environment are kept.
class SecretSource {
  public:
    virtual ~SecretSource() = default;
    SecretSource() = default;
    SecretSource(const SecretSource&) = delete;
    SecretSource& operator=(const SecretSource&) = delete;

    // "deploy/secrets.production.yaml (sops)"
    virtual std::string description() const = 0;
    // All of them, in memory alone.
    virtual Awaitable<Outcome<Bundle>> read() = 0;
    // Their names, and who can open them, without any key.
    virtual Outcome<LockedFile> names() const = 0;
};

// An env file for a name such as .env, .env.production or production.env; a SOPS file for any other.
// `environment` is that of this process, of which sops gets what it needs.
std::unique_ptr<SecretSource> source_of(const std::string& path,
                                        std::map<std::string, std::string> environment);

// What somebody does who has no such file yet, in a sentence.
std::string how_to_make(const std::string& path);

// What somebody does to change the file of this name: "sops edit FILE".
std::string how_to_edit(const std::string& path);

}  // namespace seance::secrets
