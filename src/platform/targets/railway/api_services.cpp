#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {
namespace {

namespace json = boost::json;

// "" takes a setting away: null, since some fields refuse an empty text.
json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object source_of(const std::string& image) {
    json::object source;
    source["image"] = image;
    return source;
}

// Only what is given: a field that is left out is left alone.
json::object input_of(const ServiceChanges& changes) {
    json::object out;
    auto set = [&](std::string_view name, const auto& value) {
        if (value) out[name] = *value;
    };
    if (changes.image) out["source"] = source_of(*changes.image);
    if (changes.registry_login) {
        json::object login;
        login["username"] = changes.registry_login->username;
        login["password"] = changes.registry_login->password.reveal();
        out["registryCredentials"] = std::move(login);
    }
    if (changes.replicas_by_region) {
        json::object regions;
        for (const auto& [region, replicas] : *changes.replicas_by_region) {
            json::object count;
            count["numReplicas"] = replicas;
            regions[region] = std::move(count);
        }
        out["multiRegionConfig"] = std::move(regions);
    } else {
        set("region", changes.region);
        set("numReplicas", changes.replicas);
    }
    if (changes.healthcheck_path) out["healthcheckPath"] = text_or_null(*changes.healthcheck_path);
    set("healthcheckTimeout", changes.healthcheck_timeout_seconds);
    if (changes.restart_policy && *changes.restart_policy != RestartPolicy::Unknown)
        out["restartPolicyType"] = spelling(*changes.restart_policy);
    set("restartPolicyMaxRetries", changes.restart_max_retries);
    set("overlapSeconds", changes.overlap_seconds);
    set("drainingSeconds", changes.draining_seconds);
    if (changes.start_command) out["startCommand"] = text_or_null(*changes.start_command);
    if (changes.pre_deploy_command)
        out["preDeployCommand"] =
            json::array(changes.pre_deploy_command->begin(), changes.pre_deploy_command->end());
    if (changes.cron_schedule) out["cronSchedule"] = text_or_null(*changes.cron_schedule);
    set("sleepApplication", changes.sleeps);
    return out;
}

}  // namespace

bool ServiceChanges::empty() const {
    return input_of(*this).empty();
}

Awaitable<Reply<ServiceName>> Api::create_service(ProjectId project, EnvironmentId environment,
                                                  NewService service) {
    if (detail::any_empty(project, environment, service.name)) co_return detail::no_id("serviceCreate");
    Call call;
    call.document = document(Mutation::ServiceCreate);
    call.idempotent = Idempotent::No;
    call.variables["projectId"] = project.text();
    call.variables["environmentId"] = environment.text();
    call.variables["name"] = service.name;
    if (!service.image.empty()) call.variables["source"] = source_of(service.image);
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto made = detail::member(*data, "serviceCreate");
    ServiceName out;
    out.id = ServiceId(made["id"].text_or());
    out.name = made["name"].text_or(service.name);
    if (out.id.empty()) co_return detail::nonsense("serviceCreate");
    co_return out;
}

Awaitable<Reply<void>> Api::delete_service(EnvironmentId environment, ServiceId service) {
    if (detail::any_empty(environment, service)) co_return detail::no_id("serviceDelete");
    Call call;
    call.document = document(Mutation::ServiceDelete);
    call.variables["environmentId"] = environment.text();
    call.variables["id"] = service.text();
    auto done = co_await change(std::move(call));
    if (!done && detail::is_gone_already(done.error())) co_return Reply<void>{};
    co_return done;
}

Awaitable<Reply<void>> Api::update_service_instance(EnvironmentId environment, ServiceId service,
                                                    ServiceChanges changes) {
    if (detail::any_empty(environment, service)) co_return detail::no_id("serviceInstanceUpdate");
    auto input = input_of(changes);
    if (input.empty()) co_return Reply<void>{};
    Call call;
    call.document = document(Mutation::ServiceInstanceUpdate);
    call.variables["environmentId"] = environment.text();
    call.variables["serviceId"] = service.text();
    call.variables["input"] = std::move(input);
    if (changes.registry_login) call.hidden.push_back(changes.registry_login->password);
    co_return co_await change(std::move(call));
}

Awaitable<Reply<void>> Api::set_limits(EnvironmentId environment, ServiceId service, Limits limits) {
    if (detail::any_empty(environment, service)) co_return detail::no_id("serviceInstanceLimitsUpdate");
    json::object input;
    input["environmentId"] = environment.text();
    input["serviceId"] = service.text();
    if (limits.vcpus) input["vCPUs"] = *limits.vcpus;
    if (limits.memory_gb) input["memoryGB"] = *limits.memory_gb;
    if (input.size() == 2) co_return Reply<void>{};
    Call call;
    call.document = document(Mutation::ServiceInstanceLimitsUpdate);
    call.variables["input"] = std::move(input);
    co_return co_await change(std::move(call));
}

Awaitable<Reply<void>> Api::upsert_variables(Place place, Variables variables, Replace replace) {
    if (detail::any_empty(place.project, place.environment, place.service))
        co_return detail::no_id("variableCollectionUpsert");
    if (variables.empty() && replace == Replace::OnlyGiven) co_return Reply<void>{};
    Call call;
    call.document = document(Mutation::VariableCollectionUpsert);
    call.variables["projectId"] = place.project.text();
    call.variables["environmentId"] = place.environment.text();
    call.variables["serviceId"] = place.service.text();
    call.variables["replace"] = replace == Replace::All;
    json::object values;
    for (const auto& [name, value] : variables) {
        values[name] = value.reveal();
        call.hidden.push_back(value);
    }
    call.variables["variables"] = std::move(values);
    co_return co_await change(std::move(call));
}

Awaitable<Reply<void>> Api::delete_variable(Place place, std::string name) {
    if (detail::any_empty(place.project, place.environment, place.service, name))
        co_return detail::no_id("variableDelete");
    Call call;
    call.document = document(Mutation::VariableDelete);
    call.variables["projectId"] = place.project.text();
    call.variables["environmentId"] = place.environment.text();
    call.variables["serviceId"] = place.service.text();
    call.variables["name"] = name;
    auto done = co_await change(std::move(call));
    if (!done && detail::is_gone_already(done.error())) co_return Reply<void>{};
    co_return done;
}

}  // namespace seance::railway
