#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/text.hpp"
#include "core/observe/log.hpp"
#include "core/observe/metrics.hpp"
#include "services/backend/app.hpp"
#include "services/backend/domain/deploy_request.hpp"
#include "services/backend/domain/publication.hpp"

namespace seance::backend {
namespace {

namespace json = boost::json;
using object::Reason;

http::Response error_response(int status, std::string_view error, std::string_view message = "") {
    json::object body{{"error", json::string_view(error.data(), error.size())}};
    if (!message.empty()) body["message"] = json::string_view(message.data(), message.size());
    auto response = http::json_response(status, json::serialize(body));
    if (status == 503) response.fields.set("Retry-After", "5");
    return response;
}

void count(const char* outcome) {
    observe::metrics()
        .counter("seance_backend_deploys_total", "Calls of POST /deploy by how they ended",
                 {{"outcome", outcome}})
        .add();
}

http::Response too_large(std::uint64_t most) {
    return error_response(
        413, "Request body too large",
        fmt::format("the body may have at most {} bytes (MAX_DEPLOY_BODY); publish fewer files at once",
                    most));
}

// What can be told from the header fields alone, before one byte of the body is read.
std::optional<http::Response> refuse_unread(const Context& context, const http::RequestHead& head) {
    auto key = head.fields.find("x-builder-key");
    if (!key) return error_response(401, "Missing builder key");
    if (!context.keys.allow(*key)) return error_response(401, "Invalid builder key");
    auto most = context.settings.max_deploy_body;
    if (head.framing == http::Framing::Length && head.content_length > most) return too_large(most);
    auto type = head.fields.get("content-type");
    if (!type.empty() && !iequals(trim(type.substr(0, type.find(';'))), "application/json"))
        return error_response(415, "Unsupported media type", "send the files as application/json");
    if (head.fields.find("content-encoding"))
        return error_response(415, "Unsupported media type", "send the body without Content-Encoding");
    if (context.draining)
        return error_response(503, "Shutting down",
                              "this server is about to stop; try again in some seconds");
    if (context.deploying)
        return error_response(503, "Deployment in progress",
                              "another deployment is running; try again in some seconds");
    return std::nullopt;
}

// The client hears what to do; folders, hosts and the like stay in the log.
http::Response storage_failed(const object::Failure& failure) {
    switch (failure.reason) {
        case Reason::Unavailable:
            return error_response(
                503, "Deployment failed",
                "the object store cannot be reached or is overloaded; nothing was published, try again");
        case Reason::NoSpace:
            return error_response(503, "Deployment failed",
                                  "the object store is full; nothing was published");
        case Reason::Refused:
            return error_response(
                500, "Deployment failed",
                "the object store refused this server's credentials; nothing was published");
        case Reason::BadKey:
            return error_response(
                400, "Invalid file path",
                "a path is at the same time the folder of another published file; nothing was published");
        default:
            return error_response(
                500, "Deployment failed",
                "the object store did not take the files; the server's log says why and what the state is");
    }
}

std::string published(const Settings& settings, const std::vector<DeployFile>& files) {
    json::array list;
    for (const auto& file : files) {
        auto url =
            settings.cdn_endpoint + '/' + http::percent_encode(settings.path_prefix + '/' + file.path, true);
        list.push_back(json::object{{"path", file.path}, {"url", url}, {"size", file.content.size()}});
    }
    json::object body{{"success", true},
                      {"filesDeployed", files.size()},
                      {"files", std::move(list)},
                      {"timestamp", iso_timestamp(std::chrono::system_clock::now())}};
    return json::serialize(body);
}

struct Turn {
    explicit Turn(bool& taken) : taken_(taken) { taken_ = true; }
    ~Turn() { taken_ = false; }
    Turn(const Turn&) = delete;
    bool& taken_;
};

}  // namespace

Awaitable<http::Response> answer_deploy(Context& context, http::Exchange& exchange) {
    auto began = Clock::now();
    if (auto refused = refuse_unread(context, exchange.head())) {
        exchange.close_after();
        count("refused");
        co_return std::move(*refused);
    }
    Turn turn(context.deploying);

    auto most = context.settings.max_deploy_body;
    auto body = co_await exchange.read_whole_body(most);
    if (!body) {
        count("refused");
        exchange.close_after();
        int status = http::status_of_body_error(body.error());
        if (status != 413)
            co_return error_response(status, "Incomplete request",
                                     "the body did not arrive whole: " + body.error().message());
        co_return too_large(most);
    }
    auto text = std::make_shared<std::string>(std::move(*body));
    auto parse = [text, most_files = context.settings.max_deploy_files] {
        auto files = parse_deploy(*text, most_files);
        std::string().swap(*text);
        return files;
    };
    auto files = co_await context.worker.run(parse);
    if (!files) {
        count("refused");
        co_return http::json_response(400, to_json(files.error()));
    }

    auto done = co_await publish(context.store, context.settings.path_prefix, *files);
    if (!done) {
        count("failed");
        observe::log(observe::Level::Error, "deploy_failed")
            .field("request_id", exchange.request_id())
            .field("files", static_cast<std::uint64_t>(files->size()))
            .field("reason", done.error().what);
        co_return storage_failed(done.error());
    }
    count("published");
    std::uint64_t bytes = 0;
    for (const auto& file : *files) bytes += file.content.size();
    observe::log(observe::Level::Info, "deployed")
        .field("request_id", exchange.request_id())
        .field("files", static_cast<std::uint64_t>(files->size()))
        .field("bytes", bytes)
        .ms("ms", Clock::now() - began);
    co_return http::json_response(200, published(context.settings, *files));
}

}  // namespace seance::backend
