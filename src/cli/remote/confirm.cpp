#include "cli/remote/confirm.hpp"

#include <unistd.h>

#include <iostream>
#include <string>

namespace seance::cli {

bool confirm(Context& context, std::string_view question, std::string_view hint) {
    if (context.yes) return true;
    if (!::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO)) {
        context.exit_code =
            context.fail(kRefused, "NOT_CONFIRMED", "nobody is there to confirm the plan", hint);
        return false;
    }
    std::cerr << question << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "y" || answer == "Y" || answer == "yes") return true;
    context.exit_code = context.fail(kRefused, "NOT_CONFIRMED", "nothing was changed");
    return false;
}

}  // namespace seance::cli
