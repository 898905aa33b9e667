// Parsers of secrets files: env files, the JSON that sops prints, and the locked YAML. The first byte
// chooses. What is accepted keeps the promises of its type; what is refused says nothing of what it read.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/text.hpp"
#include "platform/secrets/bundle_json.hpp"
#include "platform/secrets/env_file.hpp"
#include "platform/secrets/locked_file.hpp"
#include "platform/stack/field_reader.hpp"

namespace {

using namespace seance;
using namespace seance::secrets;

void require(bool holds) {
    if (!holds) std::abort();
}

// "'" cannot stand inside single quotes; what can is read back as it was.
void read_back(const Variables& values) {
    std::string written;
    Variables kept;
    for (const auto& [name, value] : values) {
        if (value.reveal().find_first_of("'\r") != std::string::npos) continue;
        written += "export " + name + "='" + value.reveal() + "' # again\r\n";
        kept.emplace(name, value);
    }
    auto again = parse_env_file(written);
    require(again.problems.empty() && again.values == kept);
}

void fuzz_env_file(std::string_view text) {
    const auto parsed = parse_env_file(text);
    for (const auto& [name, value] : parsed.values)
        require(stack::is_variable(name) && value.reveal().find('\0') == std::string::npos &&
                is_utf8(value.reveal()) && value.reveal().size() <= text.size());
    int line = 1;
    for (char c : text) line += c == '\n';
    for (const auto& problem : parsed.problems)
        require(problem.line >= 1 && problem.line <= line && problem.what.size() < 300);
    if (parsed.problems.empty()) read_back(parsed.values);
}

void fuzz_json(std::string_view text) {
    const auto bundle = parse_bundle(text);
    if (!bundle) return require(bundle.error().what.size() < 200);
    const auto check = [&](const Values& values) {
        for (const auto& [name, value] : values) {
            require(is_utf8(value.text.reveal()) && value.text.reveal().size() <= text.size());
            require(value.form == Value::Form::Text || !is_usable(value));
        }
    };
    for (const auto& [group, values] : bundle->groups) check(values);
    check(bundle->flat);
}

void fuzz_locked(std::string_view text) {
    const auto file = parse_locked(text, "s.yaml");
    if (!file) return require(file.error().what.size() < 400);
    const auto bundle = file->outline();
    for (const auto& one : file->names) {
        const auto* value = bundle.find(one.group, one.name);
        require(value != nullptr && !is_usable(*value));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            fuzz_env_file(text);
            break;
        case 1:
            fuzz_json(text);
            break;
        default:
            fuzz_locked(text);
    }
    return 0;
}
