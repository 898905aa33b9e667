#include "net/files/answer.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "net/files/path.hpp"

namespace seance::files {
namespace {

constexpr std::string_view kAllow = "GET, HEAD, OPTIONS";

// The fields that matter here, found in one pass: a browser sends twenty.
struct Asked {
    AcceptedCodings codings;
    std::string_view accept, range;
    Scheme scheme = Scheme::Plain;
    bool conditional = false;

    explicit Asked(const http::FieldViews& fields) {
        for (const auto& field : fields.all()) take(field);
    }

  private:
    void take(const http::Field& field) {
        auto is = [&](std::string_view name) { return iequals(field.name, name); };
        switch (field.name.size()) {
            case 5:
                if (is("Range")) range = range.empty() ? field.value : range;
                break;
            case 6:
                if (is("Accept")) accept = accept.empty() ? field.value : accept;
                break;
            case 8:
                conditional = conditional || is("If-Match");
                break;
            case 13:
                conditional = conditional || is("If-None-Match");
                break;
            case 15:
                if (is("Accept-Encoding")) codings.add(field.value);
                break;
            case 17:
                conditional = conditional || is("If-Modified-Since");
                if (is("X-Forwarded-Proto") && iequals(trim(field.value), "https")) scheme = Scheme::Secure;
                break;
            case 19:
                conditional = conditional || is("If-Unmodified-Since");
                break;
            default:
                break;
        }
    }
};

Answer without_file(const FileIndex& index, Scheme scheme, int status) {
    Answer answer{.status = status};
    answer.fields = index.common_fields(scheme);
    return answer;
}

Answer with_allow(const FileIndex& index, Scheme scheme, int status) {
    auto answer = without_file(index, scheme, status);
    answer.fields.add("Allow", kAllow);
    return answer;
}

Answer redirect(const FileIndex& index, Scheme scheme, std::string_view folder, std::string_view query) {
    auto answer = without_file(index, scheme, 301);
    // From the index's own spelling of the path, which starts with exactly one slash: "//host" would leave
    // the site.
    auto location = http::percent_encode(folder, true) + "/";
    if (!query.empty()) location.append("?").append(query);
    answer.fields.add("Location", location);
    return answer;
}

Answer whole(const FileIndex& index, const File& file, const Variant& variant, Scheme scheme) {
    Answer answer;
    answer.head = variant.whole_head(scheme);
    if (variant.bytes) {
        answer.body = *variant.bytes;
        return answer;
    }
    answer.from_disk = &file;
    answer.range = {0, file.size};
    answer.fields = index.fields(file, variant, scheme, 200);
    answer.fields.remove("Content-Length");
    return answer;
}

Answer partial(const FileIndex& index, const File& file, ByteRange range, Scheme scheme) {
    Answer answer{.status = 206};
    auto fields = index.fields(file, file.identity(), scheme, 206, range);
    if (const auto& bytes = file.identity().bytes) {
        answer.made_head = render_head(206, fields);
        answer.body = std::string_view(*bytes).substr(range.offset, range.length);
        return answer;
    }
    answer.from_disk = &file;
    answer.range = range;
    answer.fields = std::move(fields);
    answer.fields.remove("Content-Length");
    return answer;
}

Answer send(const FileIndex& index, const File& file, const http::RequestHead& request, const Asked& asked) {
    std::optional<RangeRequest> range;
    if (!asked.range.empty() && request.method == "GET") range = parse_range(asked.range);
    // A range is of the file's own bytes, whatever encodings the client takes.
    auto coding = range ? Coding::Identity
                        : asked.codings.choose([&](Coding one) { return file.variant(one) != nullptr; });
    const auto& variant = *file.variant(coding);

    if (asked.conditional) {
        switch (evaluate(request.fields, file.validators(variant))) {
            case Condition::Failed:
                return without_file(index, asked.scheme, 412);
            case Condition::NotModified:
                return {.status = 304, .head = variant.not_modified_head(asked.scheme)};
            case Condition::Send:
                break;
        }
    }
    if (range && range_applies(request.fields, file.validators(variant))) {
        if (auto bytes = satisfy(*range, file.size)) return partial(index, file, *bytes, asked.scheme);
        auto answer = without_file(index, asked.scheme, 416);
        answer.fields.add("Content-Range", fmt::format("bytes */{}", file.size));
        return answer;
    }
    return whole(index, file, variant, asked.scheme);
}

}  // namespace

Answer decide(const FileIndex& index, const http::RequestHead& request) {
    Asked asked(request.fields);
    if (request.method == "OPTIONS") return with_allow(index, asked.scheme, 204);
    if (request.method != "GET" && request.method != "HEAD") return with_allow(index, asked.scheme, 405);

    // Paths in the index are decoded, so one without a percent sign that is found needs no further look.
    auto path = request.path();
    std::string decoded;
    auto* entry = path.find('%') == path.npos ? index.find(path) : nullptr;
    if (entry == nullptr) {
        auto plain = decode_path(path);
        if (!plain) return without_file(index, asked.scheme, 400);
        decoded = std::move(*plain);
        path = decoded;
        entry = index.find(path);
    }
    if (entry != nullptr && entry->redirects) return redirect(index, asked.scheme, path, request.query());
    if (entry != nullptr) return send(index, *entry->file, request, asked);

    bool is_route = may_be_route(path, index.options().build_directory) && accepts_html(asked.accept);
    if (is_route && index.fallback() != nullptr) return send(index, *index.fallback(), request, asked);
    return without_file(index, asked.scheme, 404);
}

}  // namespace seance::files
