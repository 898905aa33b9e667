#include "services/signaling/replicas/bundle.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "services/signaling/replicas/note.hpp"

namespace seance::signaling {
namespace {

std::vector<std::string> texts_of(std::string_view bundle) {
    std::vector<std::string> texts;
    while (auto entry = next_entry(bundle)) texts.emplace_back(entry->text);
    return texts;
}

const std::string kTopic = hashed_topic("room");

}  // namespace

TEST(Bundle, ComesBackAsItWasWritten) {
    const std::vector<std::string> texts{"", "one", "with : and \n in it", std::string(5000, 'x')};
    std::string bundle;
    for (const auto& text : texts) append_entry(bundle, {hashed_topic(text), text});

    std::string_view left = bundle;
    for (const auto& text : texts) {
        const auto entry = next_entry(left);
        ASSERT_TRUE(entry);
        EXPECT_EQ(entry->text, text);
        EXPECT_EQ(entry->topic, hashed_topic(text));
    }
    EXPECT_FALSE(next_entry(left));
}

TEST(Bundle, EndsWhereItIsCutOff) {
    std::string bundle;
    append_entry(bundle, {kTopic, "first"});
    const auto one = bundle.size();
    append_entry(bundle, {kTopic, "second"});

    for (std::size_t size = 0; size < bundle.size(); ++size)
        EXPECT_EQ(texts_of(bundle.substr(0, size)).size(), size < one ? 0u : 1u) << size;
}

TEST(Bundle, TakesNothingElseForAnEntry) {
    for (auto rest :
         {"", ":x", "x:x", "-1:x", "2:x", "1", "99999999999999999999:x", "18446744073709551615:x"})
        EXPECT_TRUE(texts_of(kTopic + rest).empty()) << rest;
}

}  // namespace seance::signaling
