#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace seance::config {

// The variables a service may read, by name. Tests pass a map; programs pass the process's environment.
using Sources = std::map<std::string, std::string>;
Sources process_environment();

struct About {
    std::string_view about;  // one sentence for --help and docs/settings.md
    std::int64_t min = 0;    // of a number, or of a duration in milliseconds
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    bool required = false;
    std::vector<std::string> one_of = {};  // of a text
};

// One declared setting, as documentation prints it.
struct Declared {
    std::string name;
    std::string about;
    std::string type;
    std::string fallback;  // "" if there is none
    bool required = false;
};

// Reads settings from variables into the members of a struct whose initialisers are the defaults. Every
// problem is kept, so that a person sees all of them at once. An empty variable counts as absent.
class Reader {
  public:
    explicit Reader(const Sources& sources) : sources_(sources) {}

    void operator()(std::string& value, const char* name, const About& about);
    void operator()(SecretText& value, const char* name, const About& about);
    void operator()(bool& value, const char* name, const About& about);  // true/false, 1/0, yes/no, on/off
    void operator()(Duration& value, const char* name, const About& about);
    void operator()(std::vector<std::string>& value, const char* name,
                    const About& about);  // comma-separated
    void operator()(std::uint16_t& value, const char* name, const About& about);
    void operator()(std::uint32_t& value, const char* name, const About& about);
    void operator()(std::uint64_t& value, const char* name, const About& about);

    // For rules over several settings: `what` is a whole sentence.
    void problem(std::string what) { problems_.push_back(std::move(what)); }

    const std::vector<std::string>& problems() const { return problems_; }
    const std::vector<Declared>& declared() const { return declared_; }

  private:
    std::optional<std::string> take(const char* name, const About& about, std::string type,
                                    std::string fallback);
    void number(std::uint64_t& value, const char* name, const About& about, std::uint64_t most);

    const Sources& sources_;
    std::vector<std::string> problems_;
    std::vector<Declared> declared_;
};

// The settings as aligned lines for --help.
std::string describe(const std::vector<Declared>& declared);

}  // namespace seance::config
