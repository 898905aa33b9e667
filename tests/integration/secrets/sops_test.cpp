// Files made by the real sops and age, as a person makes them, read by our code. `./dev test` gets both;
// where sops cannot be had, these tests skip by name.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "platform/process/child.hpp"
#include "platform/secrets/assess.hpp"
#include "platform/secrets/sops_file.hpp"
#include "platform/stack/parse.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::secrets {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Environment = std::map<std::string, std::string>;

std::string search_path() {
    const char *path = std::getenv("PATH"), *home = std::getenv("HOME"),
               *cache = std::getenv("XDG_CACHE_HOME");
    std::string tools = cache != nullptr ? cache : std::string(home != nullptr ? home : "") + "/.cache";
    return std::string(path != nullptr ? path : "") + ":" + tools + "/seance/tools";
}

class Sops : public testing::Test {
  protected:
    void SetUp() override {
        if (process::find_on_path("sops", search_path()).empty())
            GTEST_SKIP() << (process::find_on_path("go", search_path()).empty()
                                 ? "sops is not installed and Go, to build it, is not either"
                                 : "sops is not installed; ./dev test builds it with Go");
        if (process::find_on_path("age-keygen", search_path()).empty())
            GTEST_SKIP() << "age is not installed; ./dev test installs it";
        ours_ = make_key("ours");
        other_ = make_key("other");
        environment_["SOPS_AGE_KEY_FILE"] = path("ours");
    }

    std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    std::string contents(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    // The exit code of a shell command run in the folder.
    int shell(const std::string& command) const {
        std::string line = "cd '" + folder_.path().string() + "' && PATH='" + search_path() + "' HOME='" +
                           folder_.path().string() + "' SOPS_AGE_KEY_FILE=ours " + command +
                           " >/dev/null 2>&1";
        const int status = std::system(line.c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    // The recipient that belongs to a new key.
    std::string make_key(const std::string& name) const {
        EXPECT_EQ(shell("age-keygen -o " + name), 0);
        std::smatch found;
        const auto text = contents(name);
        EXPECT_TRUE(std::regex_search(text, found, std::regex("age1[0-9a-z]+")));
        return found.str();
    }

    void encrypt(const std::string& plain, const std::string& name = "s.yaml") const {
        write(name, plain);
        ASSERT_EQ(shell("sops encrypt --age " + ours_ + " --in-place " + name), 0);
    }

    Outcome<Bundle> read(const std::string& name = "s.yaml") {
        SopsOptions options;
        options.environment = environment_;
        SopsFile file(path(name), std::move(options));
        Loop loop;
        std::optional<Outcome<Bundle>> result;
        testing_support::run(loop, read_into(file, result));
        return std::move(*result);
    }
    static Awaitable<void> read_into(SopsFile& file, std::optional<Outcome<Bundle>>& result) {
        result.emplace(co_await file.read());
    }

    std::string text(const Bundle& bundle, const char* group, const char* name) const {
        const auto* value = bundle.find(group, name);
        return value == nullptr ? "(none)" : value->text.reveal();
    }

    testing_support::TemporaryFolder folder_;
    std::string ours_, other_;
    Environment environment_{{"PATH", search_path()}, {"HOME", folder_.path().string()}};
};

constexpr const char* kPlain =
    "# what the backend needs\n"
    "backend:\n"
    "    STRIPE_SECRET_KEY: \"sk_test_1\"\n"
    "    PEM: |\n"
    "        -----BEGIN-----\n"
    "        abc\n"
    "        -----END-----\n"
    "    UNICODE: \"Schlüssel \\U0001F511\"\n"
    "    QUOTES: 'a \"b\" ''c'' \\ $d'\n"
    "    NUMBER: 8080\n"
    "    TRUTH: true\n"
    "    FRACTION: 3.10\n"
    "    WHOLE_FRACTION: 1.0\n"
    "    LARGE: 123456789012345678901234\n"
    "    DATE: 2026-01-30\n"
    "    EMPTY: \"\"\n"
    "    NOTHING: ~\n"
    "    LIST: [a, b]\n"
    "SHARED: \"for all\"\n";

}  // namespace

TEST_F(Sops, GivesGroupsAndFlatNamesWithEveryCharacter) {
    encrypt(kPlain);

    const auto bundle = read();

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text(*bundle, "backend", "STRIPE_SECRET_KEY"), "sk_test_1");
    EXPECT_EQ(text(*bundle, "backend", "PEM"), "-----BEGIN-----\nabc\n-----END-----\n");
    EXPECT_EQ(text(*bundle, "backend", "UNICODE"), "Schlüssel 🔑");
    EXPECT_EQ(text(*bundle, "backend", "QUOTES"), "a \"b\" 'c' \\ $d");
    EXPECT_EQ(text(*bundle, "litellm", "SHARED"), "for all");
}

TEST_F(Sops, GivesTypesAsTextOnlyWhereNothingWasLost) {
    encrypt(kPlain);

    const auto bundle = read();

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text(*bundle, "backend", "NUMBER"), "8080");
    EXPECT_EQ(text(*bundle, "backend", "TRUTH"), "true");
    EXPECT_EQ(text(*bundle, "backend", "EMPTY"), "");
    EXPECT_EQ(text(*bundle, "backend", "NOTHING"), "");
    using Form = Value::Form;
    EXPECT_EQ(bundle->find("backend", "FRACTION")->form, Form::Fraction);
    EXPECT_EQ(bundle->find("backend", "WHOLE_FRACTION")->form, Form::Fraction);
    EXPECT_EQ(bundle->find("backend", "LARGE")->form, Form::Fraction);
    EXPECT_EQ(bundle->find("backend", "DATE")->form, Form::Time);
    EXPECT_EQ(bundle->find("backend", "LIST")->form, Form::List);
}

TEST_F(Sops, ReadsTheJsonForm) {
    encrypt(R"({"backend": {"A": "1"}, "B": "2"})", "s.json");

    const auto bundle = read("s.json");

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text(*bundle, "backend", "A"), "1");
    EXPECT_EQ(text(*bundle, "backend", "B"), "2");
    const auto names = read_locked(path("s.json"));
    ASSERT_TRUE(names) << names.error().what;
    EXPECT_EQ(names->names.size(), 2u);
    EXPECT_EQ(names->recipient_texts(), std::vector<std::string>{"age " + ours_});
}

TEST_F(Sops, LeavesNamesReadableWithoutAnyKey) {
    encrypt(kPlain);
    ASSERT_EQ(shell("rm ours"), 0);

    const auto file = read_locked(path("s.yaml"));

    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(file->names.size(), 14u);
    EXPECT_EQ(file->recipient_texts(), std::vector<std::string>{"age " + ours_});
    for (const auto& one : file->names) EXPECT_NE(one.kind, LockedName::InClear) << one.name;
}

TEST_F(Sops, TellsOfAValueThatSopsWasToldToLeaveInClear) {
    encrypt("backend:\n    A_unencrypted: x\n    B: y\n");

    const auto file = read_locked(path("s.yaml"));

    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(file->names[0].kind, LockedName::InClear);
    EXPECT_EQ(file->names[1].kind, LockedName::Encrypted);
}

TEST_F(Sops, TellsWhoCanOpenAFileThatWeCannot) {
    encrypt(kPlain);
    environment_["SOPS_AGE_KEY_FILE"] = path("other");

    const auto bundle = read();

    ASSERT_FALSE(bundle);
    EXPECT_EQ(bundle.error().reason, Reason::NoKey);
    EXPECT_THAT(bundle.error().what, AllOf(HasSubstr(ours_), HasSubstr("sops updatekeys")));
}

TEST_F(Sops, FindsAKeyInTheFolderOfTheUser) {
    encrypt(kPlain);
    environment_.erase("SOPS_AGE_KEY_FILE");
    ASSERT_EQ(shell("mkdir -p .config/sops/age"), 0);
    ASSERT_EQ(shell("cp ours .config/sops/age/keys.txt"), 0);
    EXPECT_TRUE(read());
}

TEST_F(Sops, OpensAFileForAKeyThatWasAddedLater) {
    encrypt(kPlain);
    write(".sops.yaml",
          "creation_rules:\n    - path_regex: s\\.yaml$\n      age: " + ours_ + "," + other_ + "\n");
    ASSERT_EQ(shell("sops updatekeys --yes s.yaml"), 0);
    environment_["SOPS_AGE_KEY_FILE"] = path("other");

    const auto bundle = read();

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text(*bundle, "backend", "STRIPE_SECRET_KEY"), "sk_test_1");
}

TEST_F(Sops, RefusesAFileFromWhichALineWasTaken) {
    encrypt("A: one\nB: two\n");
    write("s.yaml", std::regex_replace(contents("s.yaml"), std::regex("B: ENC[^\n]*\n"), ""));

    const auto bundle = read();

    ASSERT_FALSE(bundle);
    EXPECT_EQ(bundle.error().reason, Reason::Tampered);
    EXPECT_THAT(bundle.error().what, HasSubstr("checksum does not match"));
}

TEST_F(Sops, RefusesValuesThatChangedPlacesOrWereWrittenByHand) {
    for (const auto* change : {"B: ENC[AES256_GCM,data:x,type:str]", "B: by hand"}) {
        encrypt("A: one\nB: two\n");
        write("s.yaml", std::regex_replace(contents("s.yaml"), std::regex("B: ENC[^\n]*"), change));

        const auto bundle = read();

        ASSERT_FALSE(bundle);
        EXPECT_EQ(bundle.error().reason, Reason::Tampered) << bundle.error().what;
        EXPECT_THAT(bundle.error().what, AllOf(HasSubstr("sops edit"), Not(HasSubstr("by hand"))));
    }
}

TEST_F(Sops, KeepsAPlaceholderOfTheExampleFromGoingOut) {
    const auto root =
        std::string(std::getenv("SEANCE_SOURCE") != nullptr ? std::getenv("SEANCE_SOURCE") : ".");
    std::ifstream stack_file(root + "/stack.yaml"), example(root + "/deploy/secrets.example.yaml");
    const auto parsed = stack::parse_stack(
        std::string{std::istreambuf_iterator<char>(stack_file), std::istreambuf_iterator<char>()});
    ASSERT_TRUE(parsed.problems.empty());
    encrypt({std::istreambuf_iterator<char>(example), std::istreambuf_iterator<char>()});

    const auto bundle = read();

    ASSERT_TRUE(bundle) << bundle.error().what;
    const auto assessment = assess(parsed.stack, *parsed.stack.environment("production"), *bundle);
    // Every name of the example is one that stack.yaml knows, and every one that it requires is there.
    for (const auto& one : assessment.findings) EXPECT_EQ(one.kind, Finding::Placeholder) << one.sentence;
    EXPECT_TRUE(assessment.blocks());
    EXPECT_THAT(assessment.without, testing::IsEmpty());
}

}  // namespace seance::secrets
