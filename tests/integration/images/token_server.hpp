#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "core/base/base64.hpp"
#include "net/http/message.hpp"
#include "tests/support/scripted_http.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

// A token server as the reference registry trusts it: signs what it grants with the key of a certificate of
// its own. Strict: the user, password, service and scopes must be right to the letter.
class TokenServer {
  public:
    TokenServer(std::string user, std::string password)
        : user_(std::move(user)), password_(std::move(password)) {
        auto command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=token-server -keyout " +
                       key() + " -out " + certificate() + " >/dev/null 2>&1";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl made no certificate");
    }

    // The registry's `auth:` section.
    std::string configuration() const {
        return "  token:\n    realm: http://" + server_.host() +
               "/token\n    service: test registry\n    issuer: " + "issuer\n    rootcertbundle: " +
               certificate() + "\n";
    }
    void grant_pull_alone() { pull_alone_ = true; }
    std::vector<SeenRequest> requests() { return server_.requests(); }

  private:
    std::string key() const { return (folder_.path() / "key.pem").string(); }
    std::string certificate() const { return (folder_.path() / "cert.pem").string(); }

    static std::string base64_url(std::string_view bytes) {
        auto text = base64_encode(bytes);
        for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
        return text.substr(0, text.find('='));
    }

    // The body of the PEM file: base64 of the certificate's DER.
    std::string certificate_base64() const {
        std::ifstream file(certificate());
        std::string out;
        for (std::string line; std::getline(file, line);)
            if (!line.starts_with("-----")) out += line;
        return out;
    }

    std::string sign(const std::string& text) const {
        auto* file = std::fopen(key().c_str(), "r");
        auto* pkey = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
        std::fclose(file);
        auto* context = EVP_MD_CTX_new();
        std::size_t size = 0;
        EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, pkey);
        auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        EVP_DigestSign(context, nullptr, &size, bytes, text.size());
        std::string signature(size, '\0');
        EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                       text.size());
        EVP_MD_CTX_free(context);
        EVP_PKEY_free(pkey);
        return signature.substr(0, size);
    }

    std::string answer(const SeenRequest& request) {
        auto query = request.line.substr(request.line.find('?') + 1);
        if (!request.line.starts_with("GET /token?")) return http_answer("404 Not Found");
        if (http::query_value(query, "service") != "test registry") return http_answer("400 Bad Request");
        bool anonymous = request.field("Authorization").empty();
        if (!anonymous &&
            (request.field("Authorization") != "Basic " + base64_encode(user_ + ':' + password_) ||
             http::query_value(query, "account") != user_))
            return http_answer("401 Unauthorized", "",
                               R"({"errors":[{"code":"UNAUTHORIZED","message":"wrong"}]})");
        std::string access;
        for (auto at = query.find("scope="); at != std::string::npos; at = query.find("scope=", at + 1)) {
            auto scope = http::query_value(query.substr(at), "scope").value_or("");
            auto last = scope.rfind(':');
            auto name = scope.substr(11, last - 11);
            if (!scope.starts_with("repository:")) return http_answer("400 Bad Request");
            std::set<std::string> actions;
            std::stringstream list(scope.substr(last + 1));
            for (std::string action; std::getline(list, action, ',');) actions.insert(action);
            if (pull_alone_ || anonymous) actions.erase("push");
            std::string all;
            for (const auto& action : actions) all += (all.empty() ? "\"" : ",\"") + action + '"';
            access += (access.empty() ? "" : ",") +
                      (R"({"type":"repository","name":")" + name + R"(","actions":[)") + all + "]}";
        }
        auto now = std::time(nullptr);
        auto head = R"({"typ":"JWT","alg":"RS256","x5c":[")" + certificate_base64() + "\"]}";
        auto claims = R"({"iss":"issuer","sub":"u","aud":"test registry","jti":"1","nbf":)" +
                      std::to_string(now - 10) + ",\"iat\":" + std::to_string(now) +
                      ",\"exp\":" + std::to_string(now + 300) + ",\"access\":[" + access + "]}";
        auto text = base64_url(head) + '.' + base64_url(claims);
        return http_answer("200 OK", "Content-Type: application/json\r\n",
                           R"({"token":")" + text + '.' + base64_url(sign(text)) + R"(","expires_in":300})");
    }

    TemporaryFolder folder_;
    std::string user_, password_;
    bool pull_alone_ = false;
    ScriptedHttp server_{[this](const SeenRequest& request) { return answer(request); }};
};

}  // namespace seance::testing_support
