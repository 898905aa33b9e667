#include "store/object/content_type.hpp"

#include <gtest/gtest.h>

namespace seance::object {
namespace {

TEST(ContentType, GoesByTheEndingOfTheName) {
    EXPECT_EQ(content_type_of("releases/darwin-arm64/latest-mac.yml"), "text/yaml");
    EXPECT_EQ(content_type_of("a.b/Seance-1.0.DMG"), "application/x-apple-diskimage");
    EXPECT_EQ(content_type_of("version.json"), "application/json");
    EXPECT_EQ(content_type_of("folder.json/file"), "application/octet-stream");
    EXPECT_EQ(content_type_of("Seance-1.0-mac.zip.blockmap"), "application/octet-stream");
}

}  // namespace
}  // namespace seance::object
