#include "platform/images/libraries.hpp"

#include <fmt/format.h>
#include <glob.h>
#include <string.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/base/text.hpp"
#include "platform/images/elf.hpp"

namespace seance::images {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepestInclude = 8;
constexpr std::size_t kMostFiles = 512;

void read_configuration(const std::string& path, int depth, std::vector<std::string>& folders) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        auto text = trim(std::string_view(line).substr(0, line.find('#')));
        if (text.starts_with("include") && text.size() > 8 && depth < kDeepestInclude) {
            auto pattern = fs::path(path).parent_path() / trim(text.substr(8));
            ::glob_t found{};
            if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
                for (std::size_t i = 0; i < found.gl_pathc; ++i)
                    read_configuration(found.gl_pathv[i], depth + 1, folders);
            ::globfree(&found);
        } else if (text.starts_with('/')) {
            folders.emplace_back(text);
        }
    }
}

std::string with_origin(std::string folder, const std::string& user) {
    for (std::string_view name : {"${ORIGIN}", "$ORIGIN"})
        if (folder.starts_with(name))
            return fs::path(user).parent_path().string() + folder.substr(name.size());
    return folder;
}

// The search for one program.
class Search {
  public:
    Search(const std::string& program, const std::vector<std::string>& folders)
        : program_(program), folders_(folders) {}

    Outcome<ProgramNeeds> run() {
        auto needs = needs_of(program_);
        if (!needs) return needs.error();
        ProgramNeeds out;
        out.architecture = architecture_ = needs->architecture;
        if (needs->interpreter.empty() && !needs->libraries.empty())
            return Problem{fmt::format("{} is a shared library, not a program", program_)};
        if (needs->interpreter.empty()) return out;
        auto loader = fs::path(needs->interpreter).filename().string();
        if (!fs::exists(needs->interpreter))
            return Problem{
                fmt::format("{} starts with the loader {}, which this machine lacks; build the "
                            "program on a machine of its own kind",
                            program_, needs->interpreter)};
        found_[loader] = needs->interpreter;
        waiting_.emplace_back(program_, *needs);
        while (!waiting_.empty()) {
            auto [user, wants] = std::move(waiting_.front());
            waiting_.pop_front();
            for (const auto& library : wants.libraries)
                if (auto problem = find(library, user, wants.folders)) return *problem;
        }
        auto libc = found_.find("libc.so.6");
        // A loader looks there without being told; the image has no ld.so.conf.
        auto folder =
            libc == found_.end() ? std::string("/lib") : fs::path(libc->second).parent_path().string();
        for (const auto& [name, path] : found_)
            out.files.push_back({path, name == loader ? needs->interpreter : folder + '/' + name, name});
        return out;
    }

  private:
    Outcome<ElfNeeds> needs_of(const std::string& path) const {
        auto file = read_file(path, kMostElf);
        if (!file) return file.error();
        return parse_elf(*file, path);
    }

    std::optional<Problem> find(const std::string& library, const std::string& user,
                                const std::vector<std::string>& own_folders) {
        if (found_.contains(library)) return std::nullopt;
        if (found_.size() >= kMostFiles)
            return Problem{fmt::format("{} needs more than {} shared libraries", program_, kMostFiles)};
        std::vector<std::string> places;
        places.reserve(own_folders.size() + folders_.size());
        for (const auto& folder : own_folders) places.push_back(with_origin(folder, user));
        places.insert(places.end(), folders_.begin(), folders_.end());
        for (const auto& place : places) {
            auto path = place + '/' + library;
            std::error_code error;
            if (!fs::is_regular_file(path, error)) continue;
            auto needs = needs_of(path);
            // A library of the same name for another machine is passed over, as the loader does.
            if (!needs || needs->architecture != architecture_) continue;
            found_[library] = path;
            waiting_.emplace_back(path, std::move(*needs));
            return std::nullopt;
        }
        return Problem{
            fmt::format("{} needs the shared library {}, which is in none of the folders that the "
                        "loader looks in; install it, or run ldconfig",
                        user, library)};
    }

    const std::string& program_;
    const std::vector<std::string>& folders_;
    std::string architecture_;
    std::map<std::string, std::string> found_;  // name → path
    std::deque<std::pair<std::string, ElfNeeds>> waiting_;
};

}  // namespace

Outcome<std::string> read_file(const std::string& path, std::uint64_t most) {
    std::error_code error;
    auto size = fs::file_size(path, error);
    if (error) return Problem{fmt::format("cannot read {}: {}", path, error.message())};
    if (size > most) return Problem{fmt::format("{} is larger than {} bytes", path, most)};
    std::ifstream file(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(size), '\0');
    if (!file.read(text.data(), static_cast<std::streamsize>(size)))
        return Problem{fmt::format("cannot read {}: {}", path, ::strerror(errno))};
    return Outcome<std::string>(boost::system::in_place_value, std::move(text));
}

std::vector<std::string> library_folders(const std::string& configuration) {
    std::vector<std::string> folders;
    read_configuration(configuration, 0, folders);
    for (auto standard : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"}) folders.emplace_back(standard);
    return folders;
}

Outcome<ProgramNeeds> find_needs(const std::string& program, const std::vector<std::string>& folders) {
    return Search(program, folders).run();
}

}  // namespace seance::images
