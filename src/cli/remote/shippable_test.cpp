#include "cli/remote/shippable.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.hpp"

namespace seance::cli {
namespace {

using testing::HasSubstr;

class Shippable : public testing::Test {
  protected:
    Shippable() {
        stack_.project = "shop";
        stack_.registry = "docker.io/shop";
        service_.name = "api";
        service_.source = "src/api";
    }
    std::optional<Unshippable> look(const std::string& name, const std::string& content) {
        const auto path = folder_.path() / name;
        std::ofstream(path, std::ios::binary) << content;
        return unshippable(stack_, service_, path.string());
    }

    testing_support::TemporaryFolder folder_;
    stack::Stack stack_;
    stack::Service service_;
};

TEST_F(Shippable, IsACompiledProgram) {
    EXPECT_FALSE(look("shop-api",
                      "\x7f"
                      "ELF and more"));
}

TEST_F(Shippable, IsNoScriptAndSaysWhatToWriteInstead) {
    const auto found = look("app.py", "#!/usr/bin/env python3\n");

    ASSERT_TRUE(found);
    EXPECT_THAT(found->finding, HasSubstr("app.py is no compiled program"));
    EXPECT_THAT(found->fix,
                HasSubstr("\"image: docker.io/shop/shop-api:1\" in place of \"source: src/api\""));
}

TEST_F(Shippable, IsNoEmptyFile) {
    EXPECT_TRUE(look("api", ""));
}

TEST_F(Shippable, IsNoInterpreterWhateverItsVersion) {
    for (const auto* name : {"python3", "python3.11", "node", "php8.2"})
        EXPECT_TRUE(look(name,
                         "\x7f"
                         "ELF and more"))
            << name;
    EXPECT_FALSE(look("nodes",
                      "\x7f"
                      "ELF and more"));
}

TEST_F(Shippable, IsNotAskedOfAnImageOrOfWhatIsNotThere) {
    EXPECT_FALSE(unshippable(stack_, service_, (folder_.path() / "nothing").string()));

    service_.source.clear();
    service_.image = "docker.io/shop/api:1";

    EXPECT_FALSE(look("app.py", "#!/bin/sh\n"));
}

}  // namespace
}  // namespace seance::cli
