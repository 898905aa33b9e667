#include "platform/targets/local/state_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/base/text.hpp"

namespace seance::local {

namespace {

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    return std::string(trim(text));
}

// Whole or not at all: half a secret on a full disk would be taken for one at the next start.
std::optional<Problem> write_file(const std::string& path, const std::string& text) {
    const auto fresh = path + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written = fd >= 0 &&
                         ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                         ::rename(fresh.c_str(), path.c_str()) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (written) return std::nullopt;
    ::unlink(fresh.c_str());
    return Problem{fmt::format("cannot write {}: {}", path, ::strerror(error))};
}

// A lock of the open file and not of the process: a child of fork() keeps it.
struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

std::optional<Problem> StateFolder::make() const {
    for (const auto& folder : {path_, logs(), secrets()})
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
            return Problem{fmt::format("cannot make the folder {}: {}", folder, ::strerror(errno))};
    // Logs and secrets of this machine: git is not to take them, whatever the product's own .gitignore says.
    const auto ignore = path_ + "/.gitignore";
    const int fd = ::open(ignore.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) return std::nullopt;
    const bool written = fd >= 0 && ::write(fd, "*\n", 2) == 2;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (!written) return Problem{fmt::format("cannot write {}: {}", ignore, ::strerror(error))};
    return std::nullopt;
}

std::optional<Problem> StateFolder::closed_to_us() const {
    struct stat folder {};
    if (::stat(path_.c_str(), &folder) != 0 || ::access(path_.c_str(), R_OK | X_OK) == 0) return std::nullopt;
    const auto* owner = ::getpwuid(folder.st_uid);
    return Problem{fmt::format("cannot look into {}: it belongs to {}", path_,
                               owner ? owner->pw_name : std::to_string(folder.st_uid))};
}

Outcome<std::map<std::string, std::string>> StateFolder::ensure_secrets(
    const std::map<std::string, std::string>& generate) const {
    auto made = read_secrets(generate);
    for (const auto& [name, prefix] : generate) {
        if (made.contains(name)) continue;
        const auto value = prefix + hex(random_bytes(32));
        if (auto problem = write_file(secrets() + "/" + name, value + "\n")) return *problem;
        made[name] = value;
    }
    return made;
}

std::map<std::string, std::string> StateFolder::read_secrets(
    const std::map<std::string, std::string>& generate) const {
    std::map<std::string, std::string> made;
    for (const auto& [name, prefix] : generate)
        if (auto value = read_file(secrets() + "/" + name); value && !value->empty()) made[name] = *value;
    return made;
}

Ports StateFolder::read_ports() const {
    Ports ports;
    const auto text = read_file(path_ + "/ports").value_or("");
    for (const auto line : split(text, '\n')) {
        const auto space = line.find(' ');
        if (space == std::string_view::npos) continue;
        const auto port = parse_number(line.substr(space + 1));
        if (port && *port > 0 && *port <= 65535)
            ports[std::string(line.substr(0, space))] = static_cast<std::uint16_t>(*port);
    }
    return ports;
}

std::optional<Problem> StateFolder::write_ports(const Ports& ports) const {
    std::string text;
    for (const auto& [name, port] : ports) text += fmt::format("{} {}\n", name, port);
    return write_file(path_ + "/ports", text);
}

Outcome<std::optional<RunLock>> RunLock::take(const StateFolder& state) {
    const int fd = ::open(state.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Problem{fmt::format("cannot write {}: {}", state.lock(), ::strerror(errno))};
    std::optional<RunLock> lock{RunLock{fd}};
    auto whole = whole_file();
    if (::fcntl(fd, F_OFD_SETLK, &whole) != 0)
        lock.reset();
    else
        lock->write_pid();
    return lock;
}

void RunLock::write_pid() {
    const auto text = std::to_string(::getpid()) + "\n";
    [[maybe_unused]] const int cut = ::ftruncate(fd_, 0);
    [[maybe_unused]] const auto n = ::pwrite(fd_, text.data(), text.size(), 0);
}

pid_t RunLock::holder(const StateFolder& state) {
    const int fd = ::open(state.lock().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    auto whole = whole_file();
    const bool held = ::fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    ::close(fd);
    if (!held) return 0;
    const auto pid = parse_number(read_file(state.lock()).value_or(""));
    return pid ? static_cast<pid_t>(*pid) : -1;
}

RunLock::~RunLock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace seance::local
