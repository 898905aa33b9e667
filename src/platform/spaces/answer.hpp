#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "net/http/client.hpp"
#include "platform/remote/failure.hpp"

// What an S3 service's refusals mean to whoever deploys. No I/O, no clock.
namespace seance::spaces {

// What was asked, for the sentence of a failure.
struct Question {
    std::string doing;  // "making the bucket seance-cdn"
    std::string bucket, region;
    std::string host;    // of the endpoint
    std::string rights;  // what the access key needs for it: "the grant readwrite or fullaccess for it"
};

// An answer that is no success.
struct Judgement {
    remote::Failure failure;
    std::string code;  // S3's word ("NoSuchBucket"), tamed; "" if the answer had none, as that to HEAD
    int status = 0;
    bool again = false;            // overload or a passing fault: another try may work
    std::optional<Duration> wait;  // what the service asks for before it
};

// `now` is this machine's time when the request was signed.
Judgement judge(const http::WholeResponse& answer, const Question& question,
                std::chrono::system_clock::time_point now);

}  // namespace seance::spaces
