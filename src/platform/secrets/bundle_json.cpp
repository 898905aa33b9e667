#include "platform/secrets/bundle_json.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/memory_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>
#include <new>

#include "core/base/secret.hpp"

namespace seance::secrets {

namespace {

namespace json = boost::json;

// Boost.JSON 1.81 gives back some texts with another alignment than it asked for, always within the default
// one.
class WipingResource final : public json::memory_resource {
    void* do_allocate(std::size_t size, std::size_t) override { return ::operator new(size); }
    void do_deallocate(void* memory, std::size_t size, std::size_t) override {
        wipe(memory, size);
        ::operator delete(memory);
    }
    bool do_is_equal(const json::memory_resource& other) const noexcept override { return this == &other; }
};

// The parser's own working memory, on the stack.
struct Scratch {
    std::array<unsigned char, 4096> bytes;
    ~Scratch() { wipe(bytes.data(), bytes.size()); }
};

Value text(std::string made) {
    return {SecretText(std::move(made)), Value::Form::Text};
}

Value value_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::string: {
            const auto& given = value.get_string();
            return text(std::string(given.data(), given.size()));
        }
        case json::kind::int64:
            return text(fmt::to_string(value.get_int64()));
        case json::kind::uint64:
            return text(fmt::to_string(value.get_uint64()));
        case json::kind::bool_:
            return text(value.get_bool() ? "true" : "false");
        case json::kind::double_:
            return {{}, Value::Form::Fraction};
        case json::kind::array:
            return {{}, Value::Form::List};
        case json::kind::object:
            return {{}, Value::Form::Mapping};
        case json::kind::null:
            break;
    }
    return {};
}

}  // namespace

Outcome<Bundle> parse_bundle(std::string_view text) {
    WipingResource memory;  // outlives what lies in it
    Scratch scratch;
    json::parse_options options;
    options.max_depth = 32;
    json::parser parser(&memory, options, scratch.bytes.data(), scratch.bytes.size());
    parser.reset(&memory);
    boost::system::error_code error;
    const auto read = parser.write_some(text.data(), text.size(), error);
    if (error)
        return Failure{Reason::Invalid,
                       fmt::format("it is not JSON, from byte {} on ({})", read + 1, error.message())};
    const auto rest = text.substr(read);
    if (rest.find_first_not_of(" \t\r\n") != std::string_view::npos)
        return Failure{Reason::Invalid, fmt::format("something follows its JSON, from byte {} on", read + 1)};
    const json::value root = parser.release();
    if (!root.is_object())
        return Failure{Reason::Invalid, "it is not a mapping of names to values, or of groups to them"};

    Bundle bundle;
    for (const auto& [key, value] : root.get_object()) {
        const std::string name(key);
        if (!value.is_object()) {
            bundle.flat.emplace(name, value_of(value));
            continue;
        }
        auto& group = bundle.groups[name];
        for (const auto& [inner, inner_value] : value.get_object())
            group.emplace(std::string(inner), value_of(inner_value));
    }
    return bundle;
}

}  // namespace seance::secrets
