#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "core/runtime/loop.hpp"
#include "net/files/file_server.hpp"

namespace seance::landing {

// The site's files, for all loops, and their reload, which happens on a thread of its own: packing a large
// site takes seconds. The loops go on with the old files until the new ones are whole.
class Site {
  public:
    // Reads the files; throws std::runtime_error with a sentence if there is no site to serve.
    explicit Site(files::IndexOptions options);
    ~Site();

    // A server of the files for this loop; from now on it is given new ones as they come. Leave before the
    // loop goes.
    std::shared_ptr<files::FileServer> join(Loop& loop);
    void leave(Loop& loop);

    void reload();  // from any thread; what is wrong with the new files goes to the log, the old ones stay

  private:
    void work(std::stop_token stop);
    void read_again(std::stop_token stop);

    files::IndexOptions options_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool wanted_ = false;
    std::shared_ptr<const files::FileIndex> index_;
    std::map<Loop*, std::weak_ptr<files::FileServer>> servers_;
    std::jthread worker_;
};

}  // namespace seance::landing
