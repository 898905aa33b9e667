#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/exit_code.hpp"
#include "cli/terminal/style.hpp"
#include "platform/stack/stack.hpp"

namespace seance::cli {

// A stack.yaml that has been read, and the environment of it that is meant.
struct Manifest {
    stack::Stack stack;
    stack::Environment environment;
    std::string file, root;  // root: the folder it lies in, absolute
};

// What every command gets: the global options, and the two streams. Standard output carries the result alone,
// also when something below logs there: what others write to it goes to standard error.
class Context {
  public:
    Context();

    std::string stack_file;  // "" = stack.yaml here or in a folder above
    std::string environment = "local";
    bool json = false, quiet = false, verbose = false, yes = false;
    int exit_code = kDone;

    const Style& result_style() const { return result_style_; }
    const Style& note_style() const { return note_style_; }

    void result(std::string_view text) const;     // as it is
    void note(std::string_view line) const;       // progress, on standard error; not with --quiet
    int result_fd() const { return result_fd_; }  // for a process that gives the result in our place
    void result_to(int fd);                       // from now on there: a process that leaves its terminal

    // An error as a sentence, or as one JSON object on standard output with --json; gives `exit`.
    int fail(int exit, std::string_view code, std::string_view message, std::string_view hint = {}) const;

    // What a command of this stack and environment begins with: "seance -e production".
    std::string command() const;

    // For errors about what only the real world asks for: where everything can be tried without it.
    std::string rehearse_hint(std::string_view without) const;

    // Finds, reads and checks stack.yaml. On a problem all of them are told and `exit_code` is set.
    std::optional<Manifest> manifest();
    // The same without telling: for doctor.
    std::string find_manifest() const;

  private:
    int result_fd_;
    Style result_style_, note_style_;
};

std::map<std::string, std::string> process_environment();

}  // namespace seance::cli
