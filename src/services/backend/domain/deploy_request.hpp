#pragma once
#include <boost/system/result.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace seance::backend {

struct DeployFile {
    std::string path, content;
};

// Why a request is refused, in full: `error` is one of a few stable texts, `message` names the entry.
struct Rejection {
    std::string error, message;
    std::optional<std::size_t> index;  // of the entry in `files`
    std::string path;                  // of that entry, if it has one
};
std::string to_json(const Rejection& rejection);

using DeployRequest = boost::system::result<std::vector<DeployFile>, Rejection>;
[[noreturn]] inline void throw_exception_from_error(const Rejection& rejection,
                                                    const boost::source_location&) {
    throw std::runtime_error(rejection.message);
}

// Reads {"files":[{"path","content"}…]} and checks all of it: nothing is published of a request with one bad
// entry. Unknown members are ignored, since old builders send some (clearWeb).
DeployRequest parse_deploy(std::string_view body, std::size_t most_files);

}  // namespace seance::backend
