#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "platform/plan/wanted.hpp"

// What seance remembers in the environment itself, as variables: there is no state file.
namespace seance::plan {

// Of each service.
inline constexpr std::string_view kCommitVariable = "SEANCE_COMMIT";      // of its image
inline constexpr std::string_view kContentVariable = "SEANCE_CONTENT";    // what the image is made of
inline constexpr std::string_view kNamesVariable = "SEANCE_VARIABLES";    // those that we have declared
inline constexpr std::string_view kRevisionVariable = "SEANCE_REVISION";  // of all that a deployment takes up
inline constexpr std::string_view kReleaseVariable = "SEANCE_RELEASE";    // that its deployment belongs to
inline constexpr std::string_view kUnknownContent = "unknown";  // of an image that only its name is known of
// Shared ones, which no service gets.
inline constexpr std::string_view kKeyVariable = "SEANCE_FINGERPRINT_KEY";
inline constexpr std::string_view kLockVariable = "SEANCE_LOCK";
inline constexpr std::string_view kReleasesVariable = "SEANCE_RELEASES";  // release_log.hpp

bool is_bookkeeping(std::string_view variable);

// A text that differs whenever a new deployment is needed: a digest of image, settings and all variables
// together.
std::string revision(const WantedService& service);

// The variables of a service with those above: what is written. `release`: as ReleaseMark prints it; ""
// leaves it as it is.
Values with_bookkeeping(const WantedService& service, std::string_view release);

std::vector<std::string> declared_names(std::string_view names_variable);

}  // namespace seance::plan
