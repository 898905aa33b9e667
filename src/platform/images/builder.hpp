#pragma once
#include <memory>
#include <string>
#include <vector>

#include "platform/images/image.hpp"
#include "platform/images/registry.hpp"

namespace seance::images {

// What to build: the image of one service from one commit, under a name in a registry.
struct BuildOrder {
    ImageSpec spec;
    Commit commit;
    Reference target;  // its tag is Commit::tag()
};

struct BuiltImage {
    std::string name;
    Reference target;
    std::string digest;                  // of the manifest; "" if it is known only after the push
    std::uint64_t compressed = 0;        // bytes; 0 if not known
    std::shared_ptr<const Image> image;  // in memory; null if an engine keeps it
};

// Makes images and puts them where platforms take them from. Behind it: NativeBuilder and DockerBuilder.
class ImageBuilder {
  public:
    virtual ~ImageBuilder() = default;
    virtual Awaitable<Attempt<BuiltImage>> build(BuildOrder order) = 0;
    virtual Awaitable<Attempt<Pushed>> push(BuiltImage image, OnProgress progress) = 0;
    // How many builds may usefully run at once.
    virtual unsigned parallel() const { return 1; }
};

// Builds all of them; results in the order of the orders.
Awaitable<std::vector<Attempt<BuiltImage>>> build_all(ImageBuilder& builder, std::vector<BuildOrder> orders);

}  // namespace seance::images
