#pragma once
#include <optional>

#include "platform/remote/json_view.hpp"
#include "platform/targets/railway/model.hpp"

// Railway's JSON to structs, without I/O. Nothing throws, whatever the answer is; what lacks its id, or the
// one thing that it is about, is nothing.
namespace seance::railway {

using remote::JsonView;

std::optional<Deployment> parse_deployment(JsonView json);
std::optional<DeploymentEvent> parse_event(JsonView json);
std::optional<ServiceInstance> parse_instance(JsonView json);    // without variables and what details tell
std::optional<CustomDomain> parse_custom_domain(JsonView json);  // nothing too if it is deleted
std::optional<ServiceDomain> parse_service_domain(JsonView json);
std::optional<TcpProxy> parse_tcp_proxy(JsonView json);
std::optional<VolumeInstance> parse_volume_instance(JsonView json);
std::optional<Region> parse_region(JsonView json);
std::optional<LogLine> parse_log_line(JsonView json);
std::optional<HttpLogLine> parse_http_log_line(JsonView json);
// "GET /up 200 12 ms", with the rest as attributes.
LogLine as_log_line(const HttpLogLine& line);

// Without Railway's own (RAILWAY_…). Numbers and booleans, which nobody promised not to come, as their text.
Variables parse_variables(JsonView json);

// One service's part of environment.config: sealed variables, replicas by region, image updates, limits.
void apply_config(ServiceInstance& instance, JsonView service_config);
// What serviceInstanceLimitOverride answers; null is no limit of its own.
void apply_limits(ServiceInstance& instance, JsonView limits);

std::string_view spelling(RestartPolicy policy);  // "ON_FAILURE"; "" for Unknown

// Each node or item that the parser takes.
template <class Parser>
auto parse_all(const std::vector<JsonView>& items, Parser parse) {
    std::vector<typename decltype(parse(JsonView()))::value_type> out;
    for (auto item : items)
        if (auto parsed = parse(item)) out.push_back(std::move(*parsed));
    return out;
}

}  // namespace seance::railway
