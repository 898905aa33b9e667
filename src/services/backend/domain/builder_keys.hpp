#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace seance::backend {

// Who may publish. A builder key is 64 hex characters; only its SHA-256 is known here.
class BuilderKeys {
  public:
    explicit BuilderKeys(std::vector<std::string> hashes) : hashes_(std::move(hashes)) {}

    // Compares with every hash, each in constant time, so that the time tells nothing about them.
    bool allow(std::string_view key) const;
    bool empty() const { return hashes_.empty(); }

  private:
    std::vector<std::string> hashes_;
};

}  // namespace seance::backend
