// What Railway and Cloudflare answer, to structs and sentences: nothing throws, whatever comes, and what is
// made of it keeps its promises. The first byte chooses.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "platform/dns/answer.hpp"
#include "platform/remote/timestamp.hpp"
#include "platform/targets/railway/answer.hpp"
#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/domain_records.hpp"
#include "platform/targets/railway/log_merger.hpp"
#include "platform/targets/railway/parse.hpp"

namespace {

using namespace seance;
using remote::JsonView;

void require(bool holds) {
    if (!holds) std::abort();
}

http::WholeResponse answer(std::string_view text) {
    http::WholeResponse out;
    constexpr int kStatuses[] = {200, 400, 401, 404, 429, 502};
    out.status = kStatuses[static_cast<unsigned char>(text.front()) % 6];
    out.body = text.substr(1);
    return out;
}

void fuzz_answers(std::string_view text) {
    if (text.empty()) return;
    const std::chrono::system_clock::time_point now{};
    std::vector<SecretText> hidden{SecretText("hunter22")};
    auto whole = answer(text);
    auto railway = railway::judge(whole, "x", railway::TokenKind::Project, hidden, now);
    require(railway.data.has_value() != !railway.failure.what.empty());
    require(is_utf8(railway.failure.what) && railway.failure.what.find("hunter22") == std::string::npos);
    require(railway.failure.what.find('\n') == std::string::npos && railway.failure.what.size() < 2000);
    auto cloudflare = dns::judge(whole, "x", hidden[0], now);
    require(cloudflare.envelope.has_value() != !cloudflare.failure.what.empty());
    require(is_utf8(cloudflare.failure.what) &&
            cloudflare.failure.what.find("hunter22") == std::string::npos);
}

void fuzz_structs(const JsonView& json) {
    if (auto deployment = railway::parse_deployment(json)) {
        require(!deployment->id.empty());
        std::vector<railway::DeploymentEvent> events;
        if (auto event = railway::parse_event(json)) events.push_back(*event);
        require(is_utf8(railway::progress(*deployment, events)));
        railway::failure_sentence(*deployment, events, true, true);
        railway::check_image(*deployment, deployment->image);
        railway::standing(*deployment);
    }
    if (auto instance = railway::parse_instance(json)) {
        railway::apply_config(*instance, json);
        railway::apply_limits(*instance, json);
        require(!instance->replicas_by_region.empty() || instance->replicas.value_or(0) >= INT32_MIN);
    }
    if (auto domain = railway::parse_custom_domain(json)) {
        if (auto records = railway::needed_records(*domain, "seance.dev"))
            require(records->txt_value.empty() || records->txt_value.starts_with("railway-verify="));
        railway::domain_problem(*domain);
    }
    for (const auto& [name, value] : railway::parse_variables(json)) require(!name.starts_with("RAILWAY_"));
    railway::parse_volume_instance(json);
    railway::parse_region(json);
    railway::parse_http_log_line(json);
    railway::parse_service_domain(json);
    railway::parse_tcp_proxy(json);
    dns::parse_zone(json);
    if (auto record = dns::parse_record(json)) {
        dns::record_body(*record);
        require(dns::same_content(*record, *record));
        if (record->type == dns::RecordType::Txt)
            require(dns::plain_txt(dns::quoted_txt(record->content)) == record->content);
    }
}

void fuzz_logs(const JsonView& json) {
    railway::LogMerger merger;
    auto lines = railway::parse_all(json.items(), railway::parse_log_line);
    auto first = merger.take(lines);
    require(first.size() == lines.size());
    merger.reconnected();
    // The same batch again brings nothing new but what has no readable time.
    for (const auto& line : merger.take(lines)) require(!remote::parse_timestamp(line.timestamp));
    for (const auto& line : lines)
        if (auto time = remote::parse_timestamp(line.timestamp))
            require(remote::parse_timestamp(remote::print_timestamp(*time)) == time);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.empty()) return 0;
    auto rest = text.substr(1);
    if (text[0] == 'a') {
        fuzz_answers(rest);
        return 0;
    }
    auto json = remote::parse_json(rest);
    if (!json) return 0;
    if (text[0] == 'l')
        fuzz_logs(*json);
    else
        fuzz_structs(*json);
    return 0;
}
