#pragma once
#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "platform/targets/railway/graphql.hpp"
#include "platform/targets/railway/parse.hpp"

// What the operations of Api say and read alike.
namespace seance::railway::detail {

inline Failure nonsense(std::string_view doing) {
    Failure failure;
    failure.kind = FailureKind::Api;
    failure.what = fmt::format(
        "Railway's answer to {} lacks what it is about; this program may be too old for it", doing);
    return failure;
}

// An empty id would ask for something else than was meant.
inline Failure no_id(std::string_view doing) {
    Failure failure;
    failure.kind = FailureKind::User;
    failure.what = fmt::format(
        "{} needs the ids of all that it acts on, and one of them is empty: nothing was sent", doing);
    return failure;
}

// A deletion that was repeated because its answer was lost finds nothing: its first try has worked.
inline bool is_gone_already(const Failure& failure) {
    return failure.kind == FailureKind::NotFound && failure.an_answer_was_lost;
}

template <class... Ids>
bool any_empty(const Ids&... ids) {
    return (ids.empty() || ...);
}

inline JsonView member(const boost::json::object& data, std::string_view name) {
    return JsonView(data.if_contains(name));
}

// The cursor of a connection's next page; nothing at the end.
inline std::optional<std::string> next_page(JsonView connection) {
    if (!connection["pageInfo"]["hasNextPage"].boolean().value_or(false)) return std::nullopt;
    return connection["pageInfo"]["endCursor"].text();
}

// Follows a connection's pages, up to a bound that no project of ours comes near: a server whose pages never
// end must not hold us for ever.
inline constexpr int kMostPages = 200;

}  // namespace seance::railway::detail
