#include "cli/starter.hpp"

#include <gmock/gmock.h>

#include "platform/stack/parse.hpp"

namespace seance::cli {
namespace {

TEST(StarterStack, HasNoProblems) {
    const auto parsed = stack::parse_stack(starter_stack("shop", "shop.dev"));

    EXPECT_THAT(parsed.problems, testing::IsEmpty());
    EXPECT_EQ(parsed.stack.project, "shop");
    EXPECT_EQ(parsed.stack.environment("local")->domain, "shop.localhost");
    EXPECT_EQ(parsed.stack.environment("production")->domain, "shop.dev");
    EXPECT_EQ(parsed.stack.service("web")->subdomain, "@");
    EXPECT_EQ(parsed.stack.service("web")->image, "") << "what runs here is what is shipped";
}

// What a person uncomments must be right as well.
TEST(StarterStack, HasNoProblemsWithEveryExampleUncommented) {
    auto text = starter_stack("shop", "shop.dev");
    for (const auto* key :
         {"generate", "dns", "secrets", "require", "needs", "env", "secrets", "replicas", "resources", "db",
          "  program", "  args", "  image", "  port", "  health", "  volume"}) {
        const auto comment = std::string("# ") + key + ":";
        const auto at = text.find(comment);
        ASSERT_NE(at, std::string::npos) << key;
        text.erase(at, 2);
    }

    const auto parsed = stack::parse_stack(text);

    EXPECT_THAT(parsed.problems, testing::IsEmpty())
        << (parsed.problems.empty() ? "" : print(parsed.problems[0], "stack.yaml")) << "\n"
        << text;
    EXPECT_EQ(parsed.stack.services.size(), 2U);
}

}  // namespace
}  // namespace seance::cli
