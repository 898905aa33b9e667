#pragma once
#include "services/litellm/domain/dialogue.hpp"

namespace seance::litellm {

// An answer that needs nobody else, such as an estimate.
class LocalAnswer final : public Dialogue {
  public:
    explicit LocalAnswer(std::string json) : json_(std::move(json)) {}

    std::optional<Completion> local() override { return Completion{json_, {}}; }
    Answer<UpstreamCall> call() override { return bad_request("this is answered without an upstream"); }
    Answer<Completion> whole(std::string_view) override { return Completion{json_, {}}; }
    std::unique_ptr<StreamRelay> stream() override { return nullptr; }
    ApiError error(int, std::string_view) const override { return {}; }
    Answer<Completion> whole_as_stream(std::string_view) override { return Completion{json_, {}}; }

  private:
    std::string json_;
};

}  // namespace seance::litellm
