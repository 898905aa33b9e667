#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "services/litellm/domain/client_form.hpp"

// `functions` and `function_call`, as OpenAI's chats had them before `tools`. Wires make tools of them; here
// the answer becomes what such a client understands. It knows one call an answer: further ones are left out.
namespace seance::litellm {

// Whether the request has functions and no tools.
bool speaks_of_functions(const JsonValue& request);

// A completion (`part` "message") or a chunk ("delta") with function_call in place of tool_calls.
std::string tools_to_functions(std::string_view json, std::string_view part);

std::unique_ptr<ClientStream> make_functions_stream(std::unique_ptr<ClientStream> client);

}  // namespace seance::litellm
