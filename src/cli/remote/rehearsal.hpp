#pragma once
#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace seance::cli {

struct RehearsalOptions {
    std::string folder;  // where its state is kept; "": gone at the end
    double speed = 50;
};

// A world of emulators (tests/emulators/rehearsal.mjs) with secrets of its own, as long as this lives.
class Rehearsal {
  public:
    // Null with the context's exit code: something is missing on this machine, or it did not start.
    static std::unique_ptr<Rehearsal> start(Context& context, const Manifest& manifest,
                                            const RehearsalOptions& options);
    ~Rehearsal();
    Rehearsal(const Rehearsal&) = delete;

    struct Ran {
        int exit_code = 0;
        std::string output;  // if it was asked for
        bool interrupted = false;
    };
    enum class Output { Shown, ToErrors, Captured };
    // Runs a program in this world to its end. A signal that ends this process is passed on to it.
    Ran run(const std::vector<std::string>& command, Output output);

  private:
    Rehearsal() = default;
    bool wait_for_line(Context& context, std::string& line);
    void end();

    std::map<std::string, std::string> environment_;
    std::string folder_;
    bool own_folder_ = false;
    int result_fd_ = -1;  // this process's own standard output
    pid_t pid_ = -1;
    int input_ = -1, output_ = -1;  // of the emulators: it ends when its input does
};

}  // namespace seance::cli
