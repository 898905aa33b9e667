#include "services/litellm/domain/answer_schema.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::HasSubstr;

constexpr std::string_view kFormat =
    R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","required":["a"]}}})";

std::string error_of(const std::string& request, const std::string& content, bool always = true) {
    auto completion = "{\"choices\":[{\"message\":{\"content\":" + content + "}}]}";
    auto error = schema_error(*parse_json(request), completion, always);
    return error ? error->message : "";
}

std::string request(const std::string& more = "") {
    return "{" + std::string(kFormat) + more + "}";
}

}  // namespace

TEST(SchemaError, NamesWhatDoesNotFitTheSchemaOfTheRequest) {
    EXPECT_EQ(error_of(request(), R"("{\"a\":1}")"), "");
    EXPECT_THAT(error_of(request(), R"("{}")"), HasSubstr("JSONSchemaValidationError"));
    EXPECT_THAT(error_of(request(), R"("{}")"), HasSubstr("$ must have the member \"a\""));
    EXPECT_THAT(error_of(request(), R"("no JSON")"), HasSubstr("it is no JSON"));
}

TEST(SchemaError, LooksOnlyWhereItIsWanted) {
    EXPECT_EQ(error_of(request(), R"("{}")", false), "");
    EXPECT_EQ(error_of(request(R"(,"enable_json_schema_validation":false)"), R"("{}")"), "");
    EXPECT_NE(error_of(request(R"(,"enable_json_schema_validation":true)"), R"("{}")", false), "");
    EXPECT_EQ(error_of("{}", R"("{}")"), "");
    EXPECT_EQ(error_of(request(), "null"), "") << "an answer of tool calls";
}

TEST(SchemaError, ChecksAnEnforcedSchemaOfAJsonObjectAlways) {
    std::string enforced =
        R"({"response_format":{"type":"json_object","response_schema":{"required":["a"]},"enforce_validation":)";

    EXPECT_NE(error_of(enforced + "true}}", R"("{}")", false), "");
    EXPECT_EQ(error_of(enforced + "false}}", R"("{}")", true), "");
}

}  // namespace seance::litellm
