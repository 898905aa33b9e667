#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/loop.hpp"

namespace seance::litellm {

// Notices when one of some files has been written, replaced by another or (as in mounted ConfigMaps) is
// reached through a link that now points elsewhere. It watches their folders, so that editors that rename are
// seen. Belongs to one loop.
class ConfigWatch {
  public:
    // `changed` is called on the loop, once for writes that follow each other closely.
    ConfigWatch(Loop& loop, std::function<void()> changed);
    ~ConfigWatch();

    // Replaces the list. Gives the sentence that says what cannot be watched, or "".
    std::string watch(const std::vector<std::string>& files);

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace seance::litellm
