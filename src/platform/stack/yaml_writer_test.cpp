#include "platform/stack/yaml_writer.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>

namespace seance::stack {
namespace {

namespace json = boost::json;

TEST(YamlWriter, IndentsListsAndMappingsAsPeopleDo) {
    const auto value = json::parse(R"({"a":{"b":[1,{"c":"x","d":[]}],"e":{}},"f":null})");

    EXPECT_EQ(write_yaml(value),
              "a:\n"
              "  b:\n"
              "  - 1\n"
              "  - c: x\n"
              "    d: []\n"
              "  e: {}\n"
              "f: null\n");
}

TEST(YamlWriter, QuotesWhatAReaderCouldTakeForSomethingElse) {
    for (const auto* text :
         {"yes", "No", "TRUE", "null", "~",    "",   "0123", "1e3", "12:30", "a: b", "- a", "#",
          "*x",  "&x", "!x",   "%x",   "a #b", " a", "{a}",  "[a]", "nan",   ".5",   "=",   "<<"}) {
        EXPECT_EQ(yaml_scalar(text).front(), '"') << text;
        EXPECT_EQ(YAML::Load(yaml_scalar(text)).as<std::string>(), text);
    }
    EXPECT_EQ(yaml_scalar("docker.io/shop/api"), "docker.io/shop/api");
}

TEST(YamlWriter, KeepsEveryByteOfAText) {
    std::string text;
    for (char c = 1; c > 0; ++c) {
        text += c;
        if (c == 127) break;
    }
    text += "Séance ✔";

    EXPECT_EQ(YAML::Load(write_yaml(json::object{{text, text}}))[text].as<std::string>(), text);
}

TEST(YamlWriter, WritesListsOfLists) {
    const auto value = json::parse(R"([[1,2],["a",{"b":{"c":[3]}}]])");

    const auto read = YAML::Load(write_yaml(value));

    EXPECT_EQ(read[0][1].as<int>(), 2);
    EXPECT_EQ(read[1][1]["b"]["c"][0].as<int>(), 3);
}

}  // namespace
}  // namespace seance::stack
