#include "net/files/tree.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "net/files/path.hpp"

namespace seance::files {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 32;
constexpr std::size_t kMostFiles =
    100'000;  // a wrong root, such as "/", should say so instead of being read whole

bool is_below(const fs::path& inner, const fs::path& outer) {
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

class Scan {
  public:
    explicit Scan(fs::path root) : root_(std::move(root)) {}

    void directory(const fs::path& place, const std::string& prefix, std::vector<fs::path> chain) {
        if (chain.size() >= kDeepest) return ignore(prefix, "is nested too deeply");
        chain.push_back(place);
        std::error_code error;
        for (fs::directory_iterator entry(place, error), end; !error && entry != end;
             entry.increment(error)) {
            if (tree_.files.size() >= kMostFiles) return;
            auto name = entry->path().filename().string();
            auto path = prefix + name;
            if (name.starts_with('.') && is_hidden(path) && path != "/.well-known") continue;
            if (!is_servable_name(name))
                ignore(path, "has a name that no request can spell");
            else
                visit(entry->path(), path, chain);
        }
        if (error) ignore(prefix, "cannot be read: " + error.message());
    }

    Outcome<Tree> finish() {
        if (tree_.files.size() >= kMostFiles)
            return Problem{fmt::format("{} holds more than {} files; is it the right folder?", root_.string(),
                                       kMostFiles)};
        std::sort(tree_.files.begin(), tree_.files.end(),
                  [](const auto& a, const auto& b) { return a.path < b.path; });
        return std::move(tree_);
    }

  private:
    void visit(const fs::path& entry, const std::string& path, const std::vector<fs::path>& chain) {
        std::error_code error;
        auto source = fs::canonical(entry, error);
        if (error) return ignore(path, "leads nowhere: " + error.message());
        if (!is_below(source, root_)) return ignore(path, "leaves the root");
        struct stat status {};
        if (::stat(source.c_str(), &status) != 0) return ignore(path, "cannot be read");
        if (S_ISDIR(status.st_mode)) {
            bool loops = std::find(chain.begin(), chain.end(), source) != chain.end();
            return loops ? ignore(path, "leads back to a folder that holds it")
                         : directory(source, path + "/", chain);
        }
        if (!S_ISREG(status.st_mode)) return ignore(path, "is no regular file");
        tree_.files.push_back({path, std::move(source), static_cast<std::uint64_t>(status.st_size),
                               std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec});
    }

    void ignore(const std::string& path, std::string_view why) {
        tree_.ignored.push_back(fmt::format("{} {}", path, why));
    }

    fs::path root_;
    Tree tree_;
};

}  // namespace

Outcome<Tree> scan_tree(const fs::path& root) {
    std::error_code error;
    auto place = fs::canonical(root, error);
    if (error || !fs::is_directory(place, error))
        return Problem{fmt::format("{} is no folder that can be read{}", root.string(),
                                   error ? ": " + error.message() : std::string{})};
    fs::directory_iterator readable(place, error);
    if (error) return Problem{fmt::format("{} cannot be read: {}", root.string(), error.message())};
    Scan scan(place);
    scan.directory(place, "/", {});
    return scan.finish();
}

}  // namespace seance::files
