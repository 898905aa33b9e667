#include "services/litellm/config/pass_through_reader.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<PassThroughEndpoint> read(const std::string& text, Notes& notes) {
    auto node = parse_yaml(text, "config.yaml", notes);
    config::Sources environment{{"KEY", "sk-up"}};
    resolve_environment(*node, environment);
    return read_pass_through(&*node, environment, notes);
}

}  // namespace

TEST(PassThroughReader, ReadsWhatLiteLlmReads) {
    Notes notes;
    auto all = read(
        "- {path: /a/, target: 'http://one/x', include_subpath: true, forward_headers: 'true', auth: false, "
        "methods: "
        "[GET], headers: {x-key: os.environ/KEY, authorization: Bearer os.environ/KEY}, cost_per_request: "
        "0.02, timeout: 1.5}\n- {path: /b, target: 'https://two'}\n",
        notes);

    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].path, "/a");
    EXPECT_TRUE(all[0].include_subpath && all[0].forward_headers);
    EXPECT_FALSE(all[0].needs_key);
    EXPECT_THAT(all[0].methods, ElementsAre("GET"));
    ASSERT_EQ(all[0].headers.size(), 2u);
    EXPECT_EQ(all[0].headers[0].second.reveal(), "sk-up");
    EXPECT_EQ(all[0].headers[1].second.reveal(), "Bearer sk-up") << "as LiteLLM's own examples write it";
    EXPECT_EQ(all[0].price, 20'000'000);
    EXPECT_EQ(all[0].timeout, std::chrono::milliseconds(1500));
    EXPECT_FALSE(all[1].price || all[1].timeout);
    EXPECT_TRUE(all[1].needs_key) << "unless it says otherwise";
    EXPECT_TRUE(notes.errors.empty() && notes.warnings.empty());
}

TEST(PassThroughReader, SkipsWhatCannotWorkAndSaysSo) {
    Notes notes;
    auto all = read(
        "- {path: a, target: 'http://one'}\n- {path: /b, target: two}\n- {path: /c, target: 'http://three', "
        "headers: "
        "{'x y': 1, z: os.environ/NOT_SET, w: Bearer os.environ/NOR_THIS}, cost_per_request: -1, guardrails: "
        "{}}\n",
        notes);

    ASSERT_EQ(all.size(), 1u);
    EXPECT_TRUE(all[0].headers.empty());
    EXPECT_THAT(notes.errors,
                ElementsAre(HasSubstr("config.yaml:1: a pass-through endpoint needs a path"),
                            HasSubstr("config.yaml:2: "), HasSubstr("headers.x y cannot be sent"),
                            HasSubstr("NOT_SET of the header z is not set"),
                            HasSubstr("NOR_THIS of the header w is not set"),
                            HasSubstr("cost_per_request must be USD from 0 up")));
    EXPECT_THAT(notes.warnings, ElementsAre(HasSubstr("guardrails has no effect")));
    Notes other;
    EXPECT_TRUE(read("path: /a", other).empty());
    EXPECT_THAT(other.errors, ElementsAre(HasSubstr("must be a list")));
}

}  // namespace seance::litellm
