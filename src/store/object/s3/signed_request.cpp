#include "store/object/s3/signed_request.hpp"

namespace seance::object {

http::Request signed_request(Signable signable, std::string body, const http::Origin& origin,
                             const Credentials& credentials, WallTime time) {
    signable.headers.emplace_back("host", origin.authority());
    signable.headers.emplace_back("x-amz-date", aws::amz_date(time));
    signable.headers.emplace_back("x-amz-content-sha256", signable.payload_hash);

    http::Request request;
    request.method = signable.method;
    request.target = encoded_target(signable);
    for (const auto& [name, value] : signable.headers) request.fields.add(name, value);
    request.fields.add("authorization", aws::authorization(signable, credentials, time));
    if (request.method == "PUT" || request.method == "POST")
        request.fields.add("content-length", std::to_string(body.size()));
    request.body = std::move(body);
    return request;
}

}  // namespace seance::object
