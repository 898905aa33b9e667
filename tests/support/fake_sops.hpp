#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

// A program called sops that writes down how it was called and then does what the test says, a file that
// looks as if sops had encrypted it, and the environment in which both are found.
class FakeSops {
  public:
    FakeSops() {
        write("sops",
              "#!/bin/sh\n"
              "printf '%s\\n' \"$@\" > \"$HOME/args\"\n"
              "tr '\\0' '\\n' < /proc/$$/environ > \"$HOME/environment\"\n"
              ". \"$HOME/act\"\n");
        std::filesystem::permissions(path("sops"), std::filesystem::perms::owner_all);
        write("secrets.yaml", kEncrypted);
        acts("exit 0");
    }

    // Shell commands; what lies in plain.json can be printed by them.
    void acts(const std::string& commands) { write("act", commands + "\n"); }
    void prints(const std::string& json) {
        write("plain.json", json);
        acts("cat \"$HOME/plain.json\"");
    }

    std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
    std::string file() const { return path("secrets.yaml"); }
    std::map<std::string, std::string> environment() const {
        return {{"PATH", folder_.path().string() + ":/usr/bin:/bin"}, {"HOME", folder_.path().string()}};
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    static constexpr const char* kEncrypted =
        "backend:\n"
        "    STRIPE_SECRET_KEY: ENC[AES256_GCM,data:2Q==,iv:S1/OZyG2=,tag:VYXVd5k=,type:str]\n"
        "    RATE: ENC[AES256_GCM,data:fIB0,iv:lnq9=,tag:P+Ecw=,type:float]\n"
        "    SINCE: ENC[AES256_GCM,data:fIB0,iv:lnq9=,tag:P+Ecw=,type:time]\n"
        "    IN_CLEAR: anybody reads this\n"
        "    EMPTY: \"\"\n"
        "    LIST:\n"
        "        - ENC[AES256_GCM,data:5A==,iv:EA7k=,tag:LoH=,type:str]\n"
        "SHARED: ENC[AES256_GCM,data:2Q==,iv:S1/OZyG2=,tag:VYXVd5k=,type:str]\n"
        "sops:\n"
        "    age:\n"
        "        - recipient: age1first\n"
        "          enc: x\n"
        "        - recipient: age1second\n"
        "          enc: x\n"
        "    pgp:\n"
        "        - fp: 0123ABCD\n"
        "          enc: x\n"
        "    lastmodified: \"2026-11-25T10:02:14Z\"\n"
        "    mac: ENC[AES256_GCM,data:fN=,iv:x=,tag:y=,type:str]\n"
        "    version: 3.13.3\n";

  private:
    TemporaryFolder folder_;
};

}  // namespace seance::testing_support
