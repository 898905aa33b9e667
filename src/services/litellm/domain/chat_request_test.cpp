#include "services/litellm/domain/chat_request.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;

Answer<ChatRequest> parse(std::string body, std::initializer_list<http::Field> list = {},
                          std::string_view path = "", const Config& config = {}) {
    http::FieldViews fields;
    for (auto field : list) fields.add(field);
    return parse_chat_request(std::move(body), fields, path, config);
}

const std::string kMessages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";

}  // namespace

TEST(ChatRequest, SaysWhichFieldIsWrong) {
    for (auto [body, param] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", ""},
             {"[]", ""},
             {"{\"model\":\"a\"", ""},
             {"\xff", ""},
             {"{" + kMessages + "}", "model"},
             {"{\"model\":3," + kMessages + "}", "model"},
             {"{\"model\":\"a\"}", "messages"},
             {"{\"model\":\"a\",\"messages\":{}}", "messages"},
             {"{\"model\":\"a\",\"messages\":[]}", "messages"},
             {"{\"model\":\"a\",\"stream\":\"yes\"," + kMessages + "}", "stream"},
             {"{\"model\":\"a\",\"n\":0," + kMessages + "}", "n"},
             {"{\"model\":\"a\",\"timeout\":-1," + kMessages + "}", "timeout"}}) {
        auto request = parse(body);
        ASSERT_FALSE(request.has_value()) << body;
        EXPECT_EQ(request.error().status, 400);
        EXPECT_EQ(request.error().param.value_or(""), param) << body;
    }
}

TEST(ChatRequest, TakesTheModelFromTheConfigurationThenThePathThenTheBody) {
    Config forced;
    forced.completion_model = "forced";
    auto body = "{\"model\":\"body\"," + kMessages + "}";

    EXPECT_EQ(parse(body)->model, "body");
    EXPECT_EQ(parse(body, {}, "path")->model, "path");
    EXPECT_EQ(parse(body, {}, "path", forced)->model, "forced");
}

TEST(ChatRequest, ReadsLimitsFromHeadersFirst) {
    auto body = "{\"model\":\"a\",\"timeout\":3,\"num_retries\":4," + kMessages + "}";

    EXPECT_EQ(parse(body)->timeout, 3s);
    EXPECT_EQ(parse(body)->num_retries, 4);
    EXPECT_EQ(parse(body, {{"x-litellm-timeout", "0.5"}})->timeout, 500ms);
    EXPECT_EQ(parse("{\"model\":\"a\"," + kMessages + "}", {{"x-litellm-num-retries", "0"}})->num_retries, 0);
    EXPECT_FALSE(parse(body, {{"x-litellm-timeout", "soon"}}).has_value());
}

}  // namespace seance::litellm
