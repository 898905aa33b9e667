#pragma once
#include <string>
#include <vector>

#include "services/backend/domain/deploy_request.hpp"
#include "store/object/object_store.hpp"

namespace seance::backend {

// Makes all files of a request public under `prefix`, or none of them. Every file is first stored under a key
// that nobody reads; when all are there they are copied to their own keys, pointers to others (feeds,
// manifests) last. If a copy fails, what was replaced is put back and what is new is removed. Readers may see
// some of the new files before the others while copies run, but no half file, and no feed before what it
// names.
Awaitable<object::Stored<void>> publish(object::ObjectStore& store, const std::string& prefix,
                                        const std::vector<DeployFile>& files);

// Removes what publications that never ended (a crash) left behind, if they began before `before`.
Awaitable<object::Stored<std::size_t>> sweep_unfinished(object::ObjectStore& store, const std::string& prefix,
                                                        std::chrono::system_clock::time_point before);

// True for files whose content names other files: they go live last.
bool is_pointer(std::string_view path);

}  // namespace seance::backend
