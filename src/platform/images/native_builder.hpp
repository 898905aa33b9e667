#pragma once
#include "core/runtime/worker.hpp"
#include "platform/images/builder.hpp"
#include "platform/images/native_images.hpp"

namespace seance::images {

// Images made in this process and pushed by our own registry client; no engine is needed.
class NativeBuilder final : public ImageBuilder {
  public:
    // `registry` may be null where nothing is pushed. All three outlive the builder.
    NativeBuilder(Worker& worker, NativeImages& images, Registry* registry, unsigned parallel = 4)
        : worker_(worker), images_(images), registry_(registry), parallel_(parallel) {}

    Awaitable<Attempt<BuiltImage>> build(BuildOrder order) override;
    Awaitable<Attempt<Pushed>> push(BuiltImage image, OnProgress progress) override;
    unsigned parallel() const override { return parallel_; }

  private:
    Worker& worker_;
    NativeImages& images_;
    Registry* registry_;
    unsigned parallel_;
};

// Whether `program --version` ends with the commit `revision`; a failure of kind User if not.
Awaitable<Attempt<void>> check_commit(std::string program, std::string revision);

}  // namespace seance::images
