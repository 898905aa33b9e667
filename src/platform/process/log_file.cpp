#include "platform/process/log_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "core/base/duration.hpp"

namespace seance::process {

LogFile::LogFile(std::string path, Limits limits) : path_(std::move(path)), limits_(limits) {
    open();
}

LogFile::~LogFile() {
    if (fd_ >= 0) ::close(fd_);
}

void LogFile::open() {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat state {};
    size_ = fd_ >= 0 && ::fstat(fd_, &state) == 0 ? static_cast<std::uint64_t>(state.st_size) : 0;
}

void LogFile::rotate() {
    if (fd_ >= 0) ::close(fd_);
    for (int i = limits_.keep; i > 1; --i)
        ::rename((path_ + "." + std::to_string(i - 1)).c_str(), (path_ + "." + std::to_string(i)).c_str());
    ::rename(path_.c_str(), (path_ + ".1").c_str());
    open();
}

void LogFile::append(std::string_view line) {
    auto text = iso_timestamp(std::chrono::system_clock::now());
    text += ' ';
    text += line;
    text += '\n';
    if (size_ != 0 && size_ + text.size() > limits_.most_bytes) rotate();
    if (fd_ < 0) return;
    if (::write(fd_, text.data(), text.size()) > 0) size_ += text.size();
}

}  // namespace seance::process
