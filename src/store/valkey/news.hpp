#pragma once
#include <map>
#include <string>
#include <string_view>

namespace seance::valkey {

// What became of a connection to a server.
enum class Seen { Connected, Lost, Unreachable };

// What the log has been told of each server. A process has many connections to one: what all of them see at
// once is told once.
class News {
  public:
    // Whether it is other than what was told last.
    bool is_new(std::string_view server, Seen seen);

  private:
    std::map<std::string, Seen, std::less<>> told_;
};

// Of this process; from any thread.
bool is_news(std::string_view server, Seen seen);

}  // namespace seance::valkey
