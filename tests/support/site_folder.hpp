#pragma once
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace seance::testing_support {

// A temporary folder of files, gone with the object. Files are dated ten seconds back, so that none counts as
// changed in the second in which it is read.
class SiteFolder {
  public:
    SiteFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "seance-site-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        root_ = std::filesystem::canonical(pattern);
    }
    ~SiteFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    SiteFolder(const SiteFolder&) = delete;
    SiteFolder& operator=(const SiteFolder&) = delete;

    SiteFolder& write(const std::string& path, std::string_view content,
                      std::chrono::seconds age = std::chrono::seconds(10)) {
        auto file = root_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary)
            .write(content.data(), static_cast<std::streamsize>(content.size()));
        std::filesystem::last_write_time(file, start_ - age);
        return *this;
    }
    SiteFolder& link(const std::string& path, const std::filesystem::path& target) {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::filesystem::create_symlink(target, root_ / path);
        return *this;
    }
    const std::filesystem::path& root() const { return root_; }

  private:
    std::filesystem::path root_;
    std::filesystem::file_time_type start_ = std::filesystem::file_time_type::clock::now();
};

}  // namespace seance::testing_support
