#include "services/litellm/domain/upstream_call.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::HasSubstr;

std::string url(std::string base, std::string_view provider = "openai", const Deployment& deployment = {}) {
    return upstream_url({find_provider(provider), "gpt 4", std::move(base), {}}, deployment,
                        "/chat/completions", {});
}

}  // namespace

TEST(UpstreamCall, AppendsTheRouteOnce) {
    EXPECT_EQ(url("http://host:9000"), "http://host:9000/chat/completions");
    EXPECT_EQ(url("http://host/v1/"), "http://host/v1/chat/completions");
    EXPECT_EQ(url("http://host/v1/chat/completions"), "http://host/v1/chat/completions");
    EXPECT_EQ(url("http://host/v1/?a=b"), "http://host/v1/chat/completions?a=b");
}

TEST(UpstreamCall, BuildsAzureAddresses) {
    Deployment deployment;
    deployment.api_version = "v 1";

    EXPECT_EQ(url("https://x.azure.com", "azure", deployment),
              "https://x.azure.com/openai/deployments/gpt%204/chat/completions?api-version=v%201");
    EXPECT_EQ(url("https://x/openai/deployments/d", "azure", deployment),
              "https://x/openai/deployments/d/chat/completions?api-version=v%201");
    EXPECT_EQ(url("https://x/openai/v1", "azure"), "https://x/openai/v1/chat/completions");
    EXPECT_EQ(url("https://x?api-version=2", "azure"),
              "https://x/openai/deployments/gpt%204/chat/completions?api-version=2");
}

TEST(UpstreamCall, PassesOnFewHeadersAndNeverTheClientsKey) {
    http::FieldViews client;
    for (http::Field field : {http::Field{"Authorization", "Bearer sk-client"},
                              {"X-Custom", "1"},
                              {"x-stainless-os", "2"},
                              {"x-api-key", "sk-client"},
                              {"anthropic-beta", "b"},
                              {"Cookie", "c"},
                              {"OpenAI-Organization", "org"}})
        client.add(field);
    Endpoint endpoint{find_provider("openai"), "m", "https://up/v1", SecretText("sk-up")};
    Deployment deployment;
    deployment.headers = {{"X-Extra", "e"}};
    Config config;

    auto plain = make_upstream_call(endpoint, deployment, config, "/chat/completions", "{}", true, &client);
    ASSERT_TRUE(plain.has_value());
    auto& fields = plain->request.fields;
    EXPECT_EQ(fields.get("Authorization"), "Bearer sk-up");
    EXPECT_EQ(fields.get("Accept"), "text/event-stream");
    EXPECT_EQ(fields.get("X-Extra"), "e");
    EXPECT_EQ(fields.all().size(), 4u);

    config.forward_client_headers = config.forward_organization = true;
    auto open = make_upstream_call(endpoint, deployment, config, "/chat/completions", "{}", true, &client);
    EXPECT_EQ(open->request.fields.get("X-Custom"), "1");
    EXPECT_EQ(open->request.fields.get("anthropic-beta"), "b");
    EXPECT_EQ(open->request.fields.get("OpenAI-Organization"), "org");
    EXPECT_EQ(open->request.fields.get("Authorization"), "Bearer sk-up");
    EXPECT_EQ(open->request.fields.all().size(), 7u);
}

TEST(UpstreamCall, RefusesAnAddressThatIsNone) {
    Endpoint endpoint{find_provider("openai"), "m", "not a url", SecretText("k")};

    auto call = make_upstream_call(endpoint, {}, {}, "/chat/completions", "{}", false, nullptr);

    ASSERT_FALSE(call.has_value());
    EXPECT_THAT(call.error().what, HasSubstr("is no http or https address"));
}

}  // namespace seance::litellm
