#include "services/litellm/config/remarks.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

Remark warning(std::string text) {
    return {false, "config_warning", "warning", std::move(text)};
}

std::vector<std::string> texts(const std::vector<Remark>& remarks) {
    std::vector<std::string> texts;
    for (auto& remark : remarks) texts.push_back(remark.text);
    return texts;
}

TEST(Remarks, AreNewIfTheyDidNotStandBefore) {
    std::vector<Remark> before{warning("c.yaml:3: a is unknown"), warning("b: 7: x")};
    std::vector<Remark> now{warning("c.yaml:9: a is unknown"), warning("c.yaml:3: b is unknown"),
                            warning("b: 7: x")};

    EXPECT_EQ(texts(new_remarks(now, before)), (std::vector<std::string>{"c.yaml:3: b is unknown"}));
    EXPECT_EQ(new_remarks(now, {}).size(), 3u);
}

TEST(Remarks, CountWhatStandsTwice) {
    std::vector<Remark> before{warning("c.yaml:3: a")}, now{warning("c.yaml:3: a"), warning("c.yaml:8: a")};

    EXPECT_EQ(texts(new_remarks(now, before)), (std::vector<std::string>{"c.yaml:8: a"}));
}

TEST(Remarks, ThatChangeTheirLevelAreNew) {
    std::vector<Remark> before{warning("a")}, now{{true, "config_problem", "problem", "a"}};

    EXPECT_EQ(new_remarks(now, before).size(), 1u);
}

}  // namespace
}  // namespace seance::litellm
