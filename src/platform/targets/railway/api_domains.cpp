#include <algorithm>

#include "core/base/text.hpp"
#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {
namespace {

const CustomDomain* find(const std::vector<CustomDomain>& domains, std::string_view name) {
    auto found =
        std::find_if(domains.begin(), domains.end(), [&](const auto& d) { return iequals(d.domain, name); });
    return found == domains.end() ? nullptr : &*found;
}

boost::json::object port_input(const Place& place, int target_port) {
    boost::json::object input;
    input["environmentId"] = place.environment.text();
    input["serviceId"] = place.service.text();
    input["targetPort"] = target_port;
    return input;
}

}  // namespace

Awaitable<Reply<Api::Domains>> Api::domains(Place place) {
    if (detail::any_empty(place.project, place.environment, place.service))
        co_return detail::no_id("domains");
    Call call;
    call.document = document(Query::Domains);
    call.variables["projectId"] = place.project.text();
    call.variables["environmentId"] = place.environment.text();
    call.variables["serviceId"] = place.service.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto json = detail::member(*data, "domains");
    if (!json.object()) co_return detail::nonsense("domains");
    Domains out;
    out.custom = parse_all(json["customDomains"].items(), parse_custom_domain);
    out.service = parse_all(json["serviceDomains"].items(), parse_service_domain);
    co_return out;
}

Awaitable<Reply<CustomDomain>> Api::custom_domain(ProjectId project, CustomDomainId id) {
    if (detail::any_empty(project, id)) co_return detail::no_id("customDomain");
    Call call;
    call.document = document(Query::CustomDomain);
    call.variables["id"] = id.text();
    call.variables["projectId"] = project.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto found = parse_custom_domain(detail::member(*data, "customDomain"));
    if (!found) co_return detail::nonsense("customDomain");
    co_return std::move(*found);
}

Awaitable<Reply<CustomDomain>> Api::ensure_custom_domain(Place place, std::string domain, int target_port) {
    auto known = co_await domains(place);
    if (!known) co_return known.error();
    if (const auto* found = find(known->custom, domain)) co_return *found;

    Call call;
    call.document = document(Mutation::CustomDomainCreate);
    call.idempotent = Idempotent::No;
    auto input = port_input(place, target_port);
    input["projectId"] = place.project.text();
    input["domain"] = domain;
    call.variables["input"] = std::move(input);
    auto data = co_await this->call(std::move(call));
    if (data) {
        auto made = parse_custom_domain(detail::member(*data, "customDomainCreate"));
        if (!made) co_return detail::nonsense("customDomainCreate");
        co_return std::move(*made);
    }
    if (data.error().kind != FailureKind::Unreachable) co_return data.error();
    // The answer was lost: the name tells whether it was made.
    auto after = co_await domains(place);
    if (after)
        if (const auto* found = find(after->custom, domain)) co_return *found;
    co_return data.error();
}

Awaitable<Reply<void>> Api::set_custom_domain_port(EnvironmentId environment, CustomDomainId id,
                                                   int target_port) {
    if (detail::any_empty(environment, id)) co_return detail::no_id("customDomainUpdate");
    Call call;
    call.document = document(Mutation::CustomDomainUpdate);
    call.variables["id"] = id.text();
    call.variables["environmentId"] = environment.text();
    call.variables["targetPort"] = target_port;
    co_return co_await change(std::move(call));
}

Awaitable<Reply<void>> Api::delete_custom_domain(CustomDomainId id) {
    auto done = co_await act_on(Mutation::CustomDomainDelete, id.text(), Idempotent::Yes);
    if (!done && detail::is_gone_already(done.error())) co_return Reply<void>{};
    co_return done;
}

Awaitable<Reply<void>> Api::issue_certificate(const CustomDomainId& id) {
    return act_on(Mutation::CustomDomainIssueCertificate, id.text(), Idempotent::Yes);
}

Awaitable<Reply<ServiceDomain>> Api::create_service_domain(Place place, int target_port) {
    if (detail::any_empty(place.environment, place.service)) co_return detail::no_id("serviceDomainCreate");
    Call call;
    call.document = document(Mutation::ServiceDomainCreate);
    call.idempotent = Idempotent::No;
    call.variables["input"] = port_input(place, target_port);
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto made = parse_service_domain(detail::member(*data, "serviceDomainCreate"));
    if (!made) co_return detail::nonsense("serviceDomainCreate");
    co_return std::move(*made);
}

Awaitable<Reply<void>> Api::delete_service_domain(ServiceDomainId id) {
    auto done = co_await act_on(Mutation::ServiceDomainDelete, id.text(), Idempotent::Yes);
    if (!done && detail::is_gone_already(done.error())) co_return Reply<void>{};
    co_return done;
}

}  // namespace seance::railway
