#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "platform/secrets/secret_source.hpp"

namespace seance::secrets {

struct EnvFileProblem {
    int line = 0;  // from 1
    std::string what;
};

struct ParsedEnvFile {
    Variables values;  // complete only if there are no problems
    std::vector<EnvFileProblem> problems;
};

// Lines of NAME=value, empty ones and comments. Where programs that read such files differ, the line is
// refused rather than read in one of their ways:
//   NAME=value            no spaces, quotes, $, ` or \ in the value; " # comment" may follow
//   NAME='any text'       as it is, over several lines too
//   NAME="any text"       with \n \r \t \" \\ \$ \`, over several lines too; a bare $ or ` is refused
//   export NAME=value     the same as without export
// A problem never repeats what stands in the file, but for a name that is given twice.
ParsedEnvFile parse_env_file(std::string_view text);

// Such a file as a source, for people without sops: all its names are flat. It must be closed to others
// (chmod 600), since it is all there is between them and the values.
class EnvFile final : public SecretSource {
  public:
    explicit EnvFile(std::string path) : path_(std::move(path)) {}

    std::string description() const override { return path_ + " (env file)"; }
    Awaitable<Outcome<Bundle>> read() override;
    Outcome<LockedFile> names() const override;

  private:
    Outcome<Variables> values() const;
    std::string path_;
};

}  // namespace seance::secrets
