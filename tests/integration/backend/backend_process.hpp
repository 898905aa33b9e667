#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"
#include "tests/support/child.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

inline std::string program(const std::string& name) {
    if (const char* folder = std::getenv("SEANCE_BIN")) return std::string(folder) + '/' + name;
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin" / name;
}

inline const std::string kBuilderKey(64, 'a');

// The real program, its real Valkey, and its objects in a temporary folder.
class Backend {
  public:
    explicit Backend(Child::Environment more = {})
        : port_(free_port()), objects_(folder_.path() / "objects") {
        Child::Environment environment{
            {"PORT", std::to_string(port_)},
            {"ADDRESS", "127.0.0.1"},
            {"OBJECT_STORE", "directory"},
            {"OBJECT_DIRECTORY", objects_.string()},
            {"SPACES_CDN_ENDPOINT", "http://cdn.test"},
            {"BUILDER_KEY_HASHES", sha256_hex("another key") + "," + sha256_hex(kBuilderKey)},
            {"REDIS_HOST", "127.0.0.1"},
            {"REDIS_PORT", std::to_string(valkey.port())}};
        for (auto& [name, value] : more) environment[name] = value;
        if (more.contains("OBJECT_DIRECTORY")) objects_ = more.at("OBJECT_DIRECTORY");
        std::vector<std::string> arguments{program("seance-backend")};
        child_ = std::make_unique<Child>(arguments, (folder_.path() / "log").string(), environment);
        child_->await_port(port_, "seance-backend");
    }

    Backend(const Backend&) = delete;

    HttpAnswer get(const std::string& target) const { return call(port_, "GET", target); }
    HttpAnswer deploy(const std::string& body, const std::string& key = kBuilderKey) const {
        return call(port_, "POST", "/deploy", {{"X-Builder-Key", key}, {"Content-Type", "application/json"}},
                    body);
    }

    std::uint16_t port() const { return port_; }
    Child& process() { return *child_; }
    const std::filesystem::path& objects() const { return objects_; }
    std::string object(const std::string& key) const { return read(objects_ / key); }
    std::string log() const { return read(folder_.path() / "log"); }
    std::size_t files_below(const std::filesystem::path& folder) const {
        std::error_code none;
        std::filesystem::recursive_directory_iterator at(folder, none), end;
        return static_cast<std::size_t>(
            std::count_if(at, end, [](auto& entry) { return entry.is_regular_file(); }));
    }

    RedisServer valkey;

  private:
    static std::string read(const std::filesystem::path& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    TemporaryFolder folder_;
    std::uint16_t port_;
    std::filesystem::path objects_;
    std::unique_ptr<Child> child_;
};

inline std::string entry(const std::string& path, const std::string& content) {
    return R"({"path":")" + path + R"(","content":")" + base64_encode(content) + R"("})";
}

}  // namespace seance::testing_support
