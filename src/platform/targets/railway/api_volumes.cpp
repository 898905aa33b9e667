#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {

Awaitable<Reply<VolumeName>> Api::create_volume(Place place, std::string mount_path, std::string region) {
    if (detail::any_empty(place.project, place.environment, place.service, mount_path))
        co_return detail::no_id("volumeCreate");
    Call call;
    call.document = document(Mutation::VolumeCreate);
    call.idempotent = Idempotent::No;
    call.variables["projectId"] = place.project.text();
    call.variables["environmentId"] = place.environment.text();
    call.variables["serviceId"] = place.service.text();
    call.variables["mountPath"] = mount_path;
    if (!region.empty()) call.variables["region"] = region;
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto made = detail::member(*data, "volumeCreate");
    VolumeName out;
    out.id = VolumeId(made["id"].text_or());
    out.name = made["name"].text_or();
    if (out.id.empty()) co_return detail::nonsense("volumeCreate");
    co_return out;
}

Awaitable<Reply<void>> Api::attach_volume(EnvironmentId environment, ServiceId service, VolumeId volume,
                                          std::string mount_path) {
    if (detail::any_empty(environment, service, volume, mount_path))
        co_return detail::no_id("volumeInstanceUpdate");
    Call call;
    call.document = document(Mutation::VolumeAttach);
    call.variables["environmentId"] = environment.text();
    call.variables["serviceId"] = service.text();
    call.variables["volumeId"] = volume.text();
    call.variables["mountPath"] = mount_path;
    co_return co_await change(std::move(call));
}

Awaitable<Reply<void>> Api::delete_volume(VolumeId volume) {
    auto done = co_await act_on(Mutation::VolumeDelete, volume.text(), Idempotent::Yes);
    if (!done && detail::is_gone_already(done.error())) co_return Reply<void>{};
    co_return done;
}

}  // namespace seance::railway
