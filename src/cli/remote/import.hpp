#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace seance::cli {

// The stack.yaml of an environment that is live.
struct ImportedFile {
    std::string text, project;
    std::size_t services = 0;
    std::map<std::string, std::vector<std::string>> secrets;  // by service: names to put into a secrets file
    std::string secrets_file;                                 // that stack.yaml names; "" none
    std::vector<std::string> notes;
    std::vector<std::string> changes;  // ids of what a plan of it would still change
};

// Reads the context's environment of `project` ("": that of a project token). `folder`: where stack.yaml is
// going to lie. Fails with the context's exit code set.
std::optional<ImportedFile> import_environment(Context& context, std::string project,
                                               const std::string& folder);

}  // namespace seance::cli
