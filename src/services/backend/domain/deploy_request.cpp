#include "services/backend/domain/deploy_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "core/base/base64.hpp"
#include "store/object/key.hpp"

namespace seance::backend {
namespace {

namespace json = boost::json;

// Room for a prefix and a staging folder before the path in a key of at most 1024 bytes.
constexpr std::size_t kLongestPath = 800;

std::string path_problem(std::string_view path) {
    auto problem = object::key_problem(path);
    if (!problem.empty()) return problem;
    if (path.size() > kLongestPath) return fmt::format("is longer than {} bytes", kLongestPath);
    if (path.starts_with('.')) return "begins with a dot, as the store's own folders do";
    return "";
}

Rejection reject(std::size_t index, std::string_view path, std::string error, std::string_view why) {
    return {std::move(error),
            path.empty() ? fmt::format("files[{}] {}", index, why)
                         : fmt::format("files[{}] (\"{}\") {}", index, path, why),
            index, std::string(path)};
}

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

// The first path that some other path of the request has as a folder: a file system cannot hold both.
const std::string* file_and_folder(const std::set<std::string>& paths) {
    for (const auto& path : paths) {
        auto below = paths.lower_bound(path + '/');
        if (below != paths.end() && below->starts_with(path + '/')) return &path;
    }
    return nullptr;
}

}  // namespace

std::string to_json(const Rejection& rejection) {
    json::object object{{"error", rejection.error}, {"message", rejection.message}};
    if (rejection.index) object["index"] = *rejection.index;
    if (!rejection.path.empty()) object["path"] = rejection.path;
    return json::serialize(object);
}

DeployRequest parse_deploy(std::string_view body, std::size_t most_files) {
    boost::system::error_code error;
    auto root = json::parse(json::string_view(body.data(), body.size()), error);
    if (error)
        return Rejection{"Invalid JSON", fmt::format("the body is not JSON: {}", error.message()), {}, {}};
    auto* object = root.if_object();
    auto* list = object ? object->if_contains("files") : nullptr;
    if (list == nullptr || !list->is_array())
        return Rejection{"Invalid request", "the body must be an object with a list \"files\"", {}, {}};
    auto& entries = list->get_array();
    if (entries.empty())
        return Rejection{"No files", "\"files\" is empty: there is nothing to publish", {}, {}};
    if (entries.size() > most_files)
        return Rejection{
            "Too many files",
            fmt::format("\"files\" has {} entries; at most {} are allowed", entries.size(), most_files),
            {},
            {}};

    std::vector<DeployFile> files;
    std::set<std::string> paths;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto* entry = entries[i].if_object();
        if (entry == nullptr) return reject(i, "", "Invalid request", "is not an object");
        auto* path = entry->if_contains("path");
        if (path == nullptr || !path->is_string())
            return reject(i, "", "Invalid request", "has no \"path\" text");
        auto name = view(path->get_string());
        if (auto problem = path_problem(name); !problem.empty())
            return reject(i, name, "Invalid file path", "has a path that " + problem);
        auto* content = entry->if_contains("content");
        if (content == nullptr || !content->is_string())
            return reject(i, name, "Invalid request", "has no \"content\" text");
        auto bytes = base64_decode(view(content->get_string()));
        if (!bytes)
            return reject(i, name, "Invalid file content",
                          "has content that is not base64, or base64 cut short");
        if (!paths.emplace(name).second)
            return reject(i, name, "Duplicate file path", "has a path that an earlier entry has");
        files.push_back({std::string(name), std::move(*bytes)});
        content->get_string() =
            json::string();  // the text is not needed any more, and there may be much of it
    }
    if (auto* path = file_and_folder(paths)) {
        auto at = std::find_if(files.begin(), files.end(), [&](auto& file) { return file.path == *path; });
        return reject(static_cast<std::size_t>(at - files.begin()), *path, "Invalid file path",
                      "has a path that is the folder of another entry");
    }
    return files;
}

}  // namespace seance::backend
