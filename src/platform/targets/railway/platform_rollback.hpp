#pragma once
#include "platform/targets/railway/apply.hpp"
#include "platform/targets/railway/return_to.hpp"

namespace seance::railway {

// Brings services back by Railway's own rollback, which restores their variables of then as well, and waits
// until they are active. What is configured is made to agree with what runs. Under the deploy lock.
Awaitable<plan::Attempt<Applied>> platform_rollback(Session& session, Whereabouts where, Return back,
                                                    ApplyOptions options);

}  // namespace seance::railway
