#pragma once
#include "platform/plan/bookkeeping.hpp"
#include "platform/plan/fingerprint.hpp"
#include "platform/plan/live.hpp"
#include "platform/plan/wanted.hpp"
#include "platform/plan/wanted_records.hpp"

// A wish of two services, and how it looks once it has been deployed: the plan between the two is empty.
namespace seance::testing_support {

inline plan::Wanted wanted_shop() {
    plan::Wanted wanted;
    wanted.project = "shop";
    wanted.environment = "production";
    wanted.commit = "abc1234";
    wanted.dns = true;
    wanted.spaces = stack::Spaces{"shop-cdn", "sfo3", {"https://shop.dev"}};
    plan::WantedService store;
    store.name = "store";
    store.image = "docker.io/valkey:8@sha256:5";
    store.volume = "/data";
    store.variables["PORT"] = {SecretText("6379"), false};
    plan::WantedService api;
    api.name = "api";
    api.image = "docker.io/shop/api:abc1234@sha256:1";
    api.content = "content-1";
    api.commit = "abc1234";
    api.settings.health_path = "/health";
    api.variables["PORT"] = {SecretText("80"), false};
    api.variables["MODE"] = {SecretText("fast"), false};
    api.variables["TOKEN"] = {SecretText("sentinel-token"), true, true};
    api.domains.push_back({"api.shop.dev", 80});
    api.needs = {"store"};
    wanted.services = {store, api};
    return wanted;
}

inline void set_variable(plan::Live& live, plan::LiveService& service, const std::string& name,
                         const std::string& value) {
    service.variables[name] = {plan::fingerprint(live.fingerprint_key, service.name, name, value),
                               SecretText(value), false};
}

inline plan::LiveService& service_of(plan::Live& live, std::string_view name) {
    for (auto& service : live.services)
        if (service.name == name) return service;
    throw std::runtime_error("no such service");
}

inline plan::Live deployed(const plan::Wanted& wanted) {
    plan::Live live;
    live.project_id = "project";
    live.environment_id = "environment";
    live.fingerprint_key = SecretText("key");
    live.staged_changes = 0;
    for (const auto& service : wanted.services) {
        plan::LiveService now;
        now.id = "id-of-" + service.name;
        now.name = service.name;
        now.image = service.image;
        now.settings = service.settings;
        for (const auto& [name, value] : plan::with_bookkeeping(service, wanted.commit))
            set_variable(live, now, name, value.text->reveal());
        if (!service.volume.empty()) now.volume_id = "volume", now.volume = service.volume;
        for (const auto& domain : service.domains) {
            plan::LiveDomain made{"domain",
                                  domain.host,
                                  domain.port,
                                  "x1.up.railway.app",
                                  "_railway-verify." + domain.host,
                                  "railway-verify=1",
                                  true,
                                  ""};
            live.zones[domain.host] = {"zone", "shop.dev", "full", ""};
            for (auto record : plan::wanted_records(wanted.environment, service.name, made)) {
                record.id = "record-" + std::to_string(live.records.size());
                live.record_zones[record.id] = "zone";
                live.records.push_back(std::move(record));
            }
            now.domains.push_back(std::move(made));
        }
        plan::LiveDeployment deployment;
        deployment.id = "deployment-of-" + service.name;
        deployment.status = "SUCCESS";
        deployment.active = true;
        deployment.image = service.image;
        deployment.revision = plan::revision(service);
        now.deployment = deployment;
        live.services.push_back(std::move(now));
    }
    if (wanted.spaces) live.bucket = plan::LiveBucket{true, wanted.spaces->cors_origins};
    return live;
}

}  // namespace seance::testing_support
