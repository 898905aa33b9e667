#pragma once
#include "platform/spaces/bucket.hpp"
#include "tests/support/run.hpp"

namespace seance::spaces::calls {

template <class T>
Awaitable<void> keep(Awaitable<remote::Reply<T>> work, remote::Reply<T>& out) {
    out = co_await std::move(work);
}

// One call of a bucket object of its own, on a loop of its own.
inline remote::Reply<BucketState> read(const BucketOptions& options, bool with_cors = true) {
    Loop loop;
    Bucket bucket(loop, options);
    remote::Reply<BucketState> out = BucketState{};
    testing_support::run(loop, keep(bucket.read(with_cors), out));
    return out;
}
inline remote::Reply<void> create(const BucketOptions& options) {
    Loop loop;
    Bucket bucket(loop, options);
    remote::Reply<void> out;
    testing_support::run(loop, keep(bucket.create(), out));
    return out;
}
inline remote::Reply<void> set_cors(const BucketOptions& options, std::vector<std::string> origins) {
    Loop loop;
    Bucket bucket(loop, options);
    remote::Reply<void> out;
    testing_support::run(loop, keep(bucket.set_cors(std::move(origins)), out));
    return out;
}

template <class T>
std::string what(const remote::Reply<T>& reply) {
    return reply ? "(no failure)" : reply.error().what;
}
template <class T>
bool failed(const remote::Reply<T>& reply, remote::FailureKind kind, const std::string& words) {
    return !reply && reply.error().kind == kind && reply.error().what.find(words) != std::string::npos;
}

}  // namespace seance::spaces::calls
