#include "services/litellm/domain/pass_through.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

PassThroughEndpoint endpoint(std::string path, std::string target, bool below = true) {
    PassThroughEndpoint made;
    made.path = std::move(path);
    made.target = std::move(target);
    made.include_subpath = below;
    return made;
}

}  // namespace

TEST(PassThrough, TakesTheLongestPathOfWholeSegments) {
    std::vector<PassThroughEndpoint> all{endpoint("/a", "http://one"), endpoint("/a/b", "http://two"),
                                         endpoint("/c", "http://three", false)};
    auto target = [&](std::string_view path, std::string_view method = "GET") {
        auto found = find_pass_through(all, method, path);
        return found ? found->target : std::string();
    };
    EXPECT_EQ(target("/a"), "http://one");
    EXPECT_EQ(target("/a/x"), "http://one");
    EXPECT_EQ(target("/a/b/x"), "http://two");
    EXPECT_EQ(target("/ab"), "");
    EXPECT_EQ(target("/c"), "http://three");
    EXPECT_EQ(target("/c/x"), "");

    all[2].methods = {"POST"};
    EXPECT_EQ(target("/c"), "");
    EXPECT_EQ(target("/c", "POST"), "http://three");
}

TEST(PassThrough, PutsPathAndQueriesTogether) {
    EXPECT_EQ(pass_through_address(endpoint("/a", "http://one/base/"), "/a/x/y", "p=1&q=2"),
              "http://one/base/x/y?p=1&q=2");
    EXPECT_EQ(pass_through_address(endpoint("/a", "http://one/base?v=2"), "/a", "p=1"),
              "http://one/base?v=2&p=1");
    EXPECT_EQ(pass_through_address(endpoint("/a", "http://one/base"), "/a", ""), "http://one/base");
    EXPECT_EQ(pass_through_address(endpoint("/a", "http://one"), "/a/x", "key=sk-master&p=1"),
              "http://one/x?p=1");
}

TEST(PassThrough, SendsNoKeyOfTheGatewayAndNothingOfTheConnection) {
    http::FieldViews client;
    client.add({"Authorization", "Bearer sk-own"});
    client.add({"Content-Type", "text/plain"});
    client.add({"Connection", "X-Hop, close"});
    client.add({"X-Hop", "1"});
    client.add({"X-More", "2"});
    client.add({"Host", "gateway"});
    client.add({"X-LiteLLM-Tags", "a"});
    auto names = [&](const PassThroughEndpoint& to) {
        http::Fields fields;
        forward_fields(to, client, "sk-own", fields);
        std::string all;
        for (auto& [name, value] : fields.all()) all += name + "=" + value + ";";
        return all;
    };
    auto to = endpoint("/a", "http://one");
    EXPECT_EQ(names(to), "Content-Type=text/plain;");
    to.forward_headers = true;
    EXPECT_EQ(names(to), "Content-Type=text/plain;X-More=2;");
    to.headers.emplace_back("Authorization", SecretText("Bearer sk-up"));
    EXPECT_EQ(names(to), "Content-Type=text/plain;X-More=2;Authorization=Bearer sk-up;");
}

}  // namespace seance::litellm
