// Prints every GraphQL document that the deploy tool can send, as a JSON list of {name, text}: for
// tests/end_to_end/railway_documents.test.mjs, which checks them against Railway's published schema.
#include <boost/json.hpp>
#include <iostream>

#include "platform/targets/railway/documents.hpp"

int main() {
    boost::json::array all;
    for (const auto& document : seance::railway::all_documents()) {
        boost::json::object entry;
        entry["name"] = document.name;
        entry["text"] = document.text;
        all.push_back(std::move(entry));
    }
    std::cout << all << '\n';
}
