#include <cstdint>
#include <cstdlib>
#include <string>

#include "platform/images/blob_upload.hpp"
#include "platform/images/challenge.hpp"
#include "platform/images/credentials.hpp"
#include "platform/images/elf.hpp"
#include "platform/images/reference.hpp"
#include "platform/images/registry_errors.hpp"

namespace {

using namespace seance::images;

void require(bool holds) {
    if (!holds) std::abort();
}

void read_reference(const std::string& text) {
    auto reference = parse_reference(text);
    if (!reference) return require(!reference.error().what.empty());
    auto again = parse_reference(reference->text());
    require(again && *again == *reference);
    require(is_repository(reference->repository));
    require(reference->tag.empty() || is_tag(reference->tag));
}

void read_challenges(const std::string& text) {
    auto challenges = parse_challenges(text);
    require(challenges.size() <= kMostChallenges);
    for (const auto& challenge : challenges) require(!challenge.scheme.empty());
}

void read_elf(const std::string& file) {
    auto needs = parse_elf(file, "p");
    if (!needs) return require(!needs.error().what.empty());
    require(needs->interpreter.empty() || needs->interpreter.starts_with('/'));
    for (const auto& library : needs->libraries) require(library.find('/') == std::string::npos);
}

}  // namespace

// The first byte says which reader gets the rest: 'r' an image's name, 'c' a challenge, 'e' a program, 'd'
// Docker's configuration, 'j' a registry's error document, 'n' a Range.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0]) {
        case 'r':
            read_reference(text);
            break;
        case 'c':
            read_challenges(text);
            break;
        case 'e':
            read_elf(text);
            break;
        case 'd':
            if (auto config = parse_docker_config(text, "config.json"); !config)
                require(!config.error().what.empty());
            break;
        case 'j':
            for (const auto& error : parse_registry_errors(text))
                require(error.message.find('\n') == std::string::npos);
            break;
        case 'n':
            parse_received(text);
            break;
        default:
            break;
    }
    return 0;
}
