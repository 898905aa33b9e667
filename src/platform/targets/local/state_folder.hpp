#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.hpp"

namespace seance::local {

using Ports = std::map<std::string, std::uint16_t>;  // of services, their metrics and sinks, by name

// .seance beside stack.yaml: everything that the local target keeps.
class StateFolder {
  public:
    explicit StateFolder(const std::string& root) : path_(root + "/.seance") {}

    const std::string& path() const { return path_; }
    std::string logs() const { return path_ + "/logs"; }
    std::string secrets() const { return path_ + "/secrets"; }
    std::string lock() const { return path_ + "/lock"; }
    std::string control() const { return path_ + "/control.sock"; }

    // Makes the folders, for this user alone, and keeps git from taking what is in them.
    std::optional<Problem> make() const;

    // Why this user cannot look into it, though it is there: another one has started the stack.
    std::optional<Problem> closed_to_us() const;

    // The named secrets, made at their first use: 64 random hex digits after the given prefix, mode 0600.
    Outcome<std::map<std::string, std::string>> ensure_secrets(
        const std::map<std::string, std::string>& generate) const;

    // Those of them that have been made, without making any.
    std::map<std::string, std::string> read_secrets(const std::map<std::string, std::string>& generate) const;

    // The ports of the last start; none that cannot be read.
    Ports read_ports() const;
    std::optional<Problem> write_ports(const Ports& ports) const;

  private:
    std::string path_;
};

// Held by the one process that runs the stack of a folder; the kernel lets go of it when that process ends,
// however that comes.
class RunLock {
  public:
    // Nothing if another process holds it; a Problem if its file cannot be written.
    static Outcome<std::optional<RunLock>> take(const StateFolder& state);
    // The process that holds it, 0 if none does, -1 if it has not said which it is. Looking disturbs nobody
    // who takes it meanwhile.
    static pid_t holder(const StateFolder& state);

    RunLock(RunLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    RunLock& operator=(RunLock&&) = delete;
    ~RunLock();

    void write_pid();  // after a fork, again

  private:
    explicit RunLock(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace seance::local
