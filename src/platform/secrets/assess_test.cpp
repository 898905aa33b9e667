#include "platform/secrets/assess.hpp"

#include <gmock/gmock.h>

#include "platform/secrets/bundle_json.hpp"
#include "platform/stack/parse.hpp"

namespace seance::secrets {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const char* const kStack = R"(
project: shop
registry: docker.io/shop
environments:
  production:
    target: railway
    domain: shop.dev
    secrets: deploy/s.yaml
    require: {api: [DB_KEY]}
    env: {api: {HASH: "${secret_sha256.builder_key}"}}
services:
  api:
    source: src/api
    port: 80
    secrets: [STRIPE_KEY]
    verify: [{request: {method: POST, path: /, body: "${secret.master_key}", expect: "200"}}]
  web: {source: src/web, port: 80, secrets: [STRIPE_KEY]}
)";
const char* const kOwn = R"("seance": {"builder_key": "b", "master_key": "m"})";

Assessment assessed(const std::string& json, std::vector<std::string> used_by_seance = {}) {
    const auto parsed = stack::parse_stack(kStack);
    if (!parsed.problems.empty()) throw std::runtime_error(parsed.problems[0].what);
    return assess(parsed.stack, parsed.stack.environments[0], parse_bundle(json).value(), used_by_seance);
}

// With all that is required, and `more` beside it.
Assessment with(const std::string& more) {
    return assessed("{" + std::string(kOwn) + ", \"api\": {\"DB_KEY\": \"d\"" +
                    (more.empty() ? "" : ", " + more) + "}}");
}

// The one finding that there is.
Finding only(const Assessment& assessment) {
    if (assessment.findings.size() == 1) return assessment.findings[0];
    Finding none;
    for (const auto& one : assessment.findings) none.sentence += "[" + one.sentence + "] ";
    return none;
}

}  // namespace

TEST(Assess, FindsNothingWhereAllIsInPlace) {
    const auto assessment = with(R"("STRIPE_KEY": "sk")");

    EXPECT_THAT(assessment.findings, IsEmpty());
    EXPECT_FALSE(assessment.blocks());
    EXPECT_THAT(assessment.without, testing::ElementsAre(testing::Pair("web", "STRIPE_KEY")));
}

TEST(Assess, TakesTheFlatFormForAllServices) {
    EXPECT_THAT(
        assessed(R"({"DB_KEY": "d", "STRIPE_KEY": "s", "builder_key": "b", "master_key": "m"})").findings,
        IsEmpty());
}

TEST(Assess, NamesEveryRequiredSecretThatIsMissingAndWhoNeedsIt) {
    const auto assessment = assessed("{}");

    ASSERT_EQ(assessment.findings.size(), 3u);
    EXPECT_TRUE(assessment.blocks());
    EXPECT_THAT(assessment.findings[0].sentence,
                AllOf(HasSubstr("api.DB_KEY is missing"), HasSubstr("deploy/s.yaml")));
    EXPECT_THAT(assessment.findings[1].sentence,
                AllOf(HasSubstr("seance.builder_key"), HasSubstr("HASH of api requires it")));
    EXPECT_THAT(assessment.findings[2].sentence,
                AllOf(HasSubstr("seance.master_key"), HasSubstr("body in verify of api")));
}

TEST(Assess, PointsFromAMissingNameToAnUnusedOneThatIsLikeIt) {
    const auto assessment = assessed("{" + std::string(kOwn) + R"(, "api": {"DB_KEYS": "d"}})");

    ASSERT_EQ(assessment.findings.size(), 2u);
    EXPECT_THAT(assessment.findings[0].sentence, HasSubstr("(it has DB_KEYS)"));
    EXPECT_THAT(assessment.findings[1].sentence, AllOf(HasSubstr("api.DB_KEYS in deploy/s.yaml goes nowhere"),
                                                       HasSubstr("did you mean DB_KEY?")));
    EXPECT_EQ(assessment.findings[1].kind, Finding::Extra);
}

TEST(Assess, TellsOfNamesThatNobodyDeclaresWithoutStoppingADeployment) {
    const auto assessment =
        assessed("{" + std::string(kOwn) + R"(, "api": {"DB_KEY": "d", "OTHER": "o"}, "web": {"DB_KEY": "d"},
                 "wbe": {"STRIPE_KEY": "s"}, "STRIP_KEY": "s"})");

    EXPECT_FALSE(assessment.blocks());
    std::string all;
    for (const auto& one : assessment.findings) {
        EXPECT_EQ(one.kind, Finding::Extra);
        all += one.sentence + "\n";
    }
    EXPECT_THAT(all,
                AllOf(HasSubstr("api.OTHER in deploy/s.yaml goes nowhere: api does not declare it\n"),
                      HasSubstr("web.DB_KEY in deploy/s.yaml goes nowhere: web does not declare it"),
                      HasSubstr("wbe in deploy/s.yaml is no service of stack.yaml (did you mean web?)"),
                      HasSubstr("STRIP_KEY in deploy/s.yaml goes nowhere: no service declares it (did you "
                                "mean STRIPE_KEY?)")));
    EXPECT_EQ(assessment.findings.size(), 4u);
}

TEST(Assess, KnowsWhatTheToolUsesBesideReferences) {
    const std::string file =
        R"({"seance": {"builder_key": "b", "master_key": "m", "token": "t"}, "DB_KEY": "d"})";

    EXPECT_THAT(only(assessed(file)).sentence, HasSubstr("nothing in stack.yaml refers to it"));
    EXPECT_THAT(assessed(file, {"token"}).findings, IsEmpty());
}

TEST(Assess, StopsAtValuesThatCannotBecomeAVariable) {
    for (const auto* value : {"[]", "{}", "3.1", "123456789012345678901234"}) {
        const auto finding = only(with(std::string("\"STRIPE_KEY\": ") + value));
        EXPECT_EQ(finding.kind, Finding::NotText) << value << finding.sentence;
        EXPECT_TRUE(finding.blocks);
        EXPECT_THAT(finding.sentence, HasSubstr("in quotes"));
    }
    EXPECT_EQ(only(with(R"("STRIPE_KEY": "a\u0000b")")).kind, Finding::ZeroByte);
}

TEST(Assess, StopsAtAPlaceholderOfTheExample) {
    const auto finding = only(with(R"("STRIPE_KEY": "replace-me")"));
    EXPECT_EQ(finding.kind, Finding::Placeholder);
    EXPECT_TRUE(finding.blocks);
}

TEST(Assess, StopsAtAnEmptyValueOnlyWhereOneIsRequired) {
    auto optional = only(with(R"("STRIPE_KEY": "")"));
    EXPECT_EQ(optional.kind, Finding::Empty);
    EXPECT_FALSE(optional.blocks);

    auto required = only(assessed("{" + std::string(kOwn) + R"(, "api": {"DB_KEY": null}})"));
    EXPECT_EQ(required.kind, Finding::Empty);
    EXPECT_TRUE(required.blocks);
}

TEST(Assess, TellsOfALineBreakBehindASingleLineButNotOfOnesWithin) {
    EXPECT_EQ(only(with(R"("STRIPE_KEY": "sk\n")")).kind, Finding::LineBreak);
    EXPECT_THAT(with(R"("STRIPE_KEY": "-----BEGIN\nabc\n-----END\n")").findings, IsEmpty());
}

TEST(Assess, TellsOfNamesThatAreNoVariables) {
    const auto finding = only(with(R"("stripe-key": "s")"));
    EXPECT_EQ(finding.kind, Finding::BadName);
    EXPECT_THAT(finding.sentence, HasSubstr("api.stripe-key"));
}

TEST(Assess, TellsOnceOfAFlatValueThatSeveralServicesWant) {
    const auto assessment =
        assessed("{" + std::string(kOwn) + R"(, "DB_KEY": "d", "STRIPE_KEY": "replace-me"})");
    EXPECT_EQ(only(assessment).kind, Finding::Placeholder);
}

TEST(Assess, NeedsNoReferenceThatTheEnvironmentGeneratesItself) {
    const auto parsed = stack::parse_stack(R"(
project: shop
environments:
  local: {target: local, domain: shop.localhost, generate: {key: ""}, env: {api: {KEY: "${secret.key}"}}}
services:
  api: {program: api, port: 80}
)");
    ASSERT_TRUE(parsed.problems.empty());
    EXPECT_THAT(assess(parsed.stack, parsed.stack.environments[0], Bundle()).findings, IsEmpty());
}

}  // namespace seance::secrets
