#pragma once
#include "core/base/duration.hpp"
#include "platform/process/exit_status.hpp"
#include "platform/secrets/secret_source.hpp"

namespace seance::secrets {

struct SopsOptions {
    std::map<std::string, std::string> environment;  // of this process
    // Enough for a key service far away or a hardware key that waits to be touched.
    Duration limit = std::chrono::seconds(60);
};

// A file encrypted with SOPS, opened by the `sops` program on PATH. What it prints comes through a pipe into
// memory that is wiped; what it says on standard error is thrown away, since it may quote values.
class SopsFile final : public SecretSource {
  public:
    // More than a file of kMostFileBytes becomes when it is decrypted; beyond it sops is killed.
    static constexpr std::size_t kMostPlainBytes = 4 << 20;

    SopsFile(std::string path, SopsOptions options);

    std::string description() const override;
    Awaitable<Outcome<Bundle>> read() override;
    Outcome<LockedFile> names() const override;

  private:
    std::string path_;
    SopsOptions options_;
};

// Of all variables those that sops needs to find its keys and programs.
std::map<std::string, std::string> environment_for_sops(const std::map<std::string, std::string>& all);

// What an end of `sops decrypt` other than success means, and what to do.
Failure explain(const process::ExitStatus& exit, const std::string& path, const LockedFile& file);

}  // namespace seance::secrets
