#pragma once
#include <string>

#include "platform/images/image.hpp"

namespace seance::images {

// What an image is made of, its commit aside: equal for two commits between which nothing of this service has
// changed, so that it need not be deployed again. Covers the shared layers, the service's files and how it
// starts. Programs print the commit they were built from; where its seven digits stand in a file they do not
// count, nor does a program's build id, which the linker makes from them.
Outcome<std::string> content_of(const ImageSpec& spec, const Image& image, const Commit& commit);

}  // namespace seance::images
