#include "services/litellm/domain/error_class.hpp"

namespace seance::litellm {

std::string_view class_name(ErrorClass kind) {
    switch (kind) {
        case ErrorClass::BadRequest:
            return "BadRequestError";
        case ErrorClass::UnsupportedParams:
            return "UnsupportedParamsError";
        case ErrorClass::Unprocessable:
            return "UnprocessableEntityError";
        case ErrorClass::ContextWindow:
            return "ContextWindowExceededError";
        case ErrorClass::ContentPolicy:
            return "ContentPolicyViolationError";
        case ErrorClass::Authentication:
            return "AuthenticationError";
        case ErrorClass::PermissionDenied:
            return "PermissionDeniedError";
        case ErrorClass::NotFound:
            return "NotFoundError";
        case ErrorClass::Timeout:
            return "Timeout";
        case ErrorClass::RateLimit:
            return "RateLimitError";
        case ErrorClass::InternalServer:
            return "InternalServerError";
        case ErrorClass::BadGateway:
            return "BadGatewayError";
        case ErrorClass::ServiceUnavailable:
            return "ServiceUnavailableError";
        case ErrorClass::Connection:
            return "APIConnectionError";
    }
    return "APIError";
}

ErrorClass class_of_status(int status) {
    switch (status) {
        case 401:
            return ErrorClass::Authentication;
        case 403:
            return ErrorClass::PermissionDenied;
        case 404:
            return ErrorClass::NotFound;
        case 408:
            return ErrorClass::Timeout;
        case 422:
            return ErrorClass::Unprocessable;
        case 429:
            return ErrorClass::RateLimit;
        case 502:
            return ErrorClass::BadGateway;
        case 503:
            return ErrorClass::ServiceUnavailable;
        default:
            return status >= 500 ? ErrorClass::InternalServer : ErrorClass::BadRequest;
    }
}

}  // namespace seance::litellm
