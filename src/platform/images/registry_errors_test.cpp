#include "platform/images/registry_errors.hpp"

#include <gtest/gtest.h>

namespace seance::images {
namespace {

Failure explained(int status, std::string body) {
    http::WholeResponse answer;
    answer.status = status;
    answer.body = std::move(body);
    return explain(answer, "pushing r.example/a:1", "r.example", "user \"u\"");
}

std::string document(const std::string& code) {
    return R"({"errors":[{"code":")" + code + R"(","message":"m","detail":{}}]})";
}

TEST(RegistryErrors, SayWhatToDoAboutADenial) {
    auto failure = explained(403, document("DENIED"));

    EXPECT_EQ(failure.kind, FailureKind::Auth);
    EXPECT_EQ(failure.what,
              "pushing r.example/a:1: user \"u\" may not do this at r.example; check the repository's name, "
              "and that "
              "the account or access token has the right to write to it (HTTP 403 DENIED: m)");
    EXPECT_EQ(explained(401, document("UNAUTHORIZED")).what,
              "pushing r.example/a:1: r.example did not accept who asks: user \"u\"; run docker login "
              "r.example (HTTP "
              "401 UNAUTHORIZED: m)");
}

TEST(RegistryErrors, TellKindsApart) {
    EXPECT_EQ(explained(404, document("NAME_UNKNOWN")).kind, FailureKind::NotFound);
    EXPECT_EQ(explained(429, document("TOOMANYREQUESTS")).kind, FailureKind::Unreachable);
    EXPECT_EQ(explained(400, document("MANIFEST_BLOB_UNKNOWN")).kind, FailureKind::Api);
    EXPECT_EQ(explained(400, document("NAME_INVALID")).kind, FailureKind::User);
    EXPECT_EQ(explained(400, document("SOMETHING_NEW")).kind, FailureKind::Api);
}

TEST(RegistryErrors, TakeBodiesThatAreNoErrorDocument) {
    EXPECT_EQ(explained(502, "<html>Bad Gateway</html>").what,
              "pushing r.example/a:1: r.example is overloaded or out of order; try again later (HTTP 502)");
    EXPECT_EQ(explained(413, "").kind, FailureKind::User);
    EXPECT_EQ(explained(403, R"({"errors":"x"})").kind, FailureKind::Auth);
    EXPECT_EQ(explained(418, R"({"errors":[1,{"code":2}]})").what,
              "pushing r.example/a:1: r.example gave an answer that makes no sense here (HTTP 418 : )");
}

TEST(RegistryErrors, KeepControlCharactersAway) {
    auto errors = parse_registry_errors("{\"errors\":[{\"code\":\"A\",\"message\":\"x\\u001b[2Jy\\nz\"}]}");

    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].message, "x [2Jy z");
}

}  // namespace
}  // namespace seance::images
