#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "platform/secrets/bundle.hpp"
#include "platform/secrets/failure.hpp"

namespace seance::secrets {

struct LockedName {
    std::string group;  // "" of the flat form
    std::string name;
    // How the value stands in the file. InClear: whoever has the file can read it.
    enum Kind { Encrypted, InClear, Empty, NotText } kind = Encrypted;
    Value::Form form = Value::Form::Text;  // as far as it can be told without the key
};

// Who can open the file: {"age", "age1…"}, {"pgp", fingerprint}, {"kms", ARN} and so on.
struct Recipient {
    std::string kind, id;
};

// What a SOPS file tells without any key: names stand in clear in it, values do not.
struct LockedFile {
    std::vector<LockedName> names;      // as written
    std::vector<Recipient> recipients;  // of all key groups
    std::size_t groups_needed = 0;      // of several key groups; 0: any one recipient opens the file
    std::string last_modified;          // RFC 3339

    std::vector<std::string> recipient_texts() const;  // "age age1…"
    // The same names as a bundle whose values nobody knows, for assess() in a plan.
    Bundle outline() const;
};

// Reads the YAML or JSON form. Refuses a file that is not encrypted.
Outcome<LockedFile> parse_locked(std::string_view text, const std::string& path);
Outcome<LockedFile> read_locked(const std::string& path);

}  // namespace seance::secrets
