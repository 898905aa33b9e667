#include "core/config/reader.hpp"

#include <gmock/gmock.h>

namespace seance::config {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Reader, KeepsDefaultsForWhatIsAbsentOrEmpty) {
    Sources sources = {{"PORT", ""}};
    Reader read{sources};
    std::uint16_t port = 80;
    Duration timeout = 5s;

    read(port, "PORT", {.about = "TCP port", .min = 1});
    read(timeout, "TIMEOUT", {.about = "Timeout"});

    EXPECT_EQ(port, 80);
    EXPECT_EQ(timeout, 5s);
    EXPECT_THAT(read.problems(), IsEmpty());
}

TEST(Reader, ListsEveryProblemAtOnce) {
    Sources sources = {{"PORT", "70000"}, {"TIMEOUT", "5"}, {"MODE", "fast"}, {"ON", "maybe"}};
    Reader read{sources};
    std::uint16_t port = 80;
    Duration timeout = 1s;
    std::string mode = "safe";
    bool on = false;
    SecretText key;

    read(port, "PORT", {.about = "TCP port", .min = 1});
    read(timeout, "TIMEOUT", {.about = "Timeout"});
    read(mode, "MODE", {.about = "Mode", .one_of = {"safe", "quick"}});
    read(on, "ON", {.about = "Switch"});
    read(key, "KEY", {.about = "the upstream's key", .required = true});

    EXPECT_THAT(read.problems(), ElementsAre("PORT is 70000; it must be from 1 to 65535",
                                             "TIMEOUT is \"5\" without a unit; write 5s",
                                             "MODE is \"fast\"; it must be one of: safe, quick",
                                             "ON is \"maybe\"; write true or false",
                                             "KEY is not set; it is required: the upstream's key"));
}

TEST(Reader, ChecksTheEdgesOfARange) {
    for (auto [text, good] : {std::pair{"4999ms", false}, {"5s", true}, {"10s", true}, {"10001ms", false}}) {
        Sources sources = {{"T", text}};
        Reader read{sources};
        Duration value = 7s;

        read(value, "T", {.about = "", .min = 5000, .max = 10000});

        EXPECT_EQ(read.problems().empty(), good) << text;
    }
}

TEST(Reader, ProposesTheUnitThatFitsTheSetting) {
    auto proposal = [](const std::string& text, Duration fallback, std::int64_t min) {
        Sources sources = {{"T", text}};
        Reader read{sources};
        read(fallback, "T", {.about = "", .min = min});
        return read.problems().empty() ? "" : read.problems()[0].substr(read.problems()[0].find("write"));
    };
    const std::string any = "write a whole number and a unit, such as 5s, 500ms or 2m";
    EXPECT_EQ(proposal("6", 6s, 300), "write 6s") << "6ms would be refused as well";
    EXPECT_EQ(proposal("90", 30s, 0), "write 90s");
    EXPECT_EQ(proposal("3000", 5s, 0), "write 3000ms");
    EXPECT_EQ(proposal("80", 50ms, 0), "write 80ms");
    EXPECT_EQ(proposal("10", 0s, 0), "write 10s");
    EXPECT_EQ(proposal("0", 10s, 0), "write 0s");
    EXPECT_EQ(proposal("0", 10s, 100), any) << "neither is taken";
    EXPECT_EQ(proposal("99999999999999", 10s, 0), any) << "nothing waits for centuries";
}

TEST(Reader, ReadsLists) {
    Sources sources = {{"KEYS", " a, b ,,c"}};
    Reader read{sources};
    std::vector<std::string> keys = {"x"};

    read(keys, "KEYS", {.about = ""});

    EXPECT_THAT(keys, ElementsAre("a", "b", "c"));
}

}  // namespace seance::config
