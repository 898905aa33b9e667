#include "store/valkey/reply.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

namespace seance::valkey {
namespace {

Reply convert(const redisReply& from) {
    Reply reply;
    switch (from.type) {
        case REDIS_REPLY_STRING:
            reply.kind = Reply::Kind::Text;
            break;
        case REDIS_REPLY_STATUS:
            reply.kind = Reply::Kind::Status;
            break;
        case REDIS_REPLY_ERROR:
            reply.kind = Reply::Kind::Error;
            break;
        case REDIS_REPLY_INTEGER:
            reply.kind = Reply::Kind::Integer;
            break;
        case REDIS_REPLY_ARRAY:
            reply.kind = Reply::Kind::List;
            break;
        default:
            return reply;
    }
    if (reply.kind == Reply::Kind::Integer) {
        reply.integer = from.integer;
    } else if (reply.kind == Reply::Kind::List) {
        reply.list.reserve(from.elements);
        for (std::size_t i = 0; i < from.elements; ++i) reply.list.push_back(convert(*from.element[i]));
    } else {
        reply.text.assign(from.str, static_cast<std::size_t>(from.len));
    }
    return reply;
}

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const {
    redisReaderFree(reader);
}

void ReplyReader::reset() {
    reader_.reset(redisReaderCreate());
    if (!reader_) throw std::bad_alloc();
    broken_ = false;
    reason_.clear();
}

bool ReplyReader::fail(std::string reason) {
    broken_ = true;
    reason_ = std::move(reason);
    return false;
}

bool ReplyReader::feed(std::string_view bytes) {
    if (broken_) return false;
    if (reader_->len - reader_->pos + bytes.size() > most_) return fail("a reply is larger than allowed");
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) return fail(reader_->errstr);
    return true;
}

bool ReplyReader::between_replies() const {
    return !broken_ && reader_->ridx < 0 && reader_->pos == reader_->len;
}

std::optional<Reply> ReplyReader::next() {
    if (broken_) return std::nullopt;
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
        fail(reader_->errstr);
        return std::nullopt;
    }
    if (raw == nullptr) return std::nullopt;
    std::unique_ptr<void, decltype(&freeReplyObject)> owned(raw, &freeReplyObject);
    return convert(*static_cast<redisReply*>(raw));
}

void append_length(std::string& wire, char kind, std::size_t length) {
    const fmt::format_int digits(length);
    wire += kind;
    wire.append(digits.data(), digits.size()).append("\r\n", 2);
}

}  // namespace seance::valkey
