#pragma once
#include "services/litellm/domain/wire.hpp"

namespace seance::litellm {

// Amazon Bedrock's Converse: reference, section 4.9.
class BedrockWire final : public Wire {
  public:
    BedrockWire(const Destination& to, const AnswerContext& context) : to_(to), context_(context) {}

    Answer<UpstreamCall> call(const ChatRequest& request) override;
    Answer<std::string> completion(std::string_view body) override;
    std::unique_ptr<StreamDecoder> decoder() override;
    ApiError error(int status, std::string_view body) const override;

  private:
    Destination to_;
    const AnswerContext& context_;
    bool json_tool_ = false;
};

// A call of one of a model's actions, such as "converse", signed with the deployment's keys or carrying its
// bearer token. `now`: seconds since 1970.
Answer<UpstreamCall> bedrock_call(const Destination& to, std::string_view action, std::string body,
                                  std::string_view accept, std::int64_t now);

// "us-east-1/model", "converse/model" → model.
std::string_view bedrock_model(std::string_view model);

// Where and with what Bedrock is called: the deployment's parameters, then the environment. The sentence says
// what is missing.
Outcome<void> complete_bedrock(Endpoint& endpoint, const Deployment& deployment,
                               const config::Sources& environment);

}  // namespace seance::litellm
