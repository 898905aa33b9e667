#pragma once
#include "platform/remote/failure.hpp"

namespace seance::images {

using remote::Failure;
using remote::FailureKind;

// A result, or why there is none.
template <class T>
using Attempt = remote::Reply<T>;

}  // namespace seance::images
