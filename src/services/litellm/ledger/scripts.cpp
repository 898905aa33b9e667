#include "services/litellm/ledger/scripts.hpp"

#include <openssl/sha.h>

#include "core/base/hash.hpp"

namespace seance::litellm {
namespace {

// P is "litellm:" or "{litellm}:". A purse is P..purse:<id>, a hash: spend and reserved (nano-USD), reset_at
// (ms) and period. Its open calls are P..purse:<id>:open, a sorted set of "<lease>|<amount>" by the time at
// which they run out. A window is P..win:<id>, a hash of n (count) and s (start, ms).
constexpr std::string_view kCommon = R"lua(
local P = string.sub(KEYS[1], 1, -1 - #'version')
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

local function month_later(ms, months)
  local z = math.floor(ms / 86400000) + 719468
  local rest = ms % 86400000
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local d = doy - math.floor((153 * mp + 2) / 5) + 1
  local m = mp < 10 and mp + 3 or mp - 9
  local y = yoe + era * 400 + (m <= 2 and 1 or 0)
  local total = y * 12 + (m - 1) + months
  y = math.floor(total / 12)
  m = total % 12 + 1
  local days = ({31, (y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)) and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31})[m]
  if d > days then d = days end
  if m <= 2 then y = y - 1 end
  era = math.floor(y / 400)
  yoe = y - era * 400
  doy = math.floor((153 * (m > 2 and m - 3 or m + 9) + 2) / 5) + d - 1
  doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
  return (era * 146097 + doe - 719468) * 86400000 + rest
end

-- Begins a budget anew when its time has come. Gives spend.
local function roll(key)
  local f = redis.call('HMGET', key, 'spend', 'reset_at', 'period')
  local spend, at, period = tonumber(f[1]) or 0, tonumber(f[2]), f[3]
  if not at or not period or now < at then return spend end
  if string.sub(period, 1, 1) == 'm' then
    local months, i, first = tonumber(string.sub(period, 2)), 1, at
    while at <= now and i < 2400 do
      at = month_later(first, months * i)
      i = i + 1
    end
  else
    local step = tonumber(string.sub(period, 2)) * 1000
    if step <= 0 then return spend end
    at = at + (math.floor((now - at) / step) + 1) * step
  end
  redis.call('HSET', key, 'spend', '0', 'reset_at', string.format('%.0f', at))
  return 0
end

-- Gives back what leases that ran out still hold. Gives the reserved amount.
local function sweep(key)
  local open = key .. ':open'
  local dead = redis.call('ZRANGEBYSCORE', open, '-inf', now)
  local back = 0
  for _, member in ipairs(dead) do
    back = back + (tonumber(string.match(member, '|(%d+)$')) or 0)
    redis.call('ZREM', open, member)
  end
  if back > 0 then return redis.call('HINCRBY', key, 'reserved', string.format('%.0f', -back)) end
  return tonumber(redis.call('HGET', key, 'reserved')) or 0
end

-- The count and the end of a window. A clock that stepped back makes it end later, never forget.
local function window(id, length)
  local key = P .. 'win:' .. id
  local f = redis.call('HMGET', key, 'n', 's')
  local n, s = tonumber(f[1]), tonumber(f[2])
  if not n or not s or now >= s + length then return key, 0, now end
  if now < s then s = now end
  return key, n, s
end
)lua";

constexpr std::string_view kAdmit = R"lua(
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return {'stale'} end
if now > (tonumber(ARGV[8]) or now) then return {'late', now} end
local lease, amount, lease_ms, length = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local purses, windows = tonumber(ARGV[6]), tonumber(ARGV[7])
local out = {'ok', now}
local keys, spends, over = {}, {}, nil
-- A refusal: its word, which purse or window, two numbers about it, and what each purse has spent.
local function refusal(word, i, first, second)
  return {word, i, first, second, unpack(spends)}
end
local at = 9
for i = 1, purses do
  local key = P .. 'purse:' .. ARGV[at]
  keys[i] = key
  redis.call('HSETNX', key, 'spend', '0')
  if ARGV[at + 3] ~= '' and redis.call('HEXISTS', key, 'period') == 0 then
    local period = ARGV[at + 3]
    local first
    if string.sub(period, 1, 1) == 'm' then first = month_later(now, tonumber(string.sub(period, 2)))
    else first = now + tonumber(string.sub(period, 2)) * 1000 end
    redis.call('HSET', key, 'period', period, 'reset_at', string.format('%.0f', first))
  end
  local spend = roll(key)
  local limit = tonumber(ARGV[at + 1])
  spends[i] = string.format('%.0f', spend)
  if limit and not over then
    local reserved = sweep(key)
    if spend + reserved >= limit then over = {i, string.format('%.0f', spend + reserved)} end
  end
  out[#out + 1] = spends[i]
  out[#out + 1] = redis.call('HGET', key, 'reset_at') or ''
  at = at + 4
end
if over then return refusal('budget', over[1], over[2], '') end
at = 9
for i = 1, purses do
  local limit = tonumber(ARGV[at + 2])
  if limit then
    sweep(keys[i])
    local open = redis.call('ZCARD', keys[i] .. ':open')
    if open >= limit then return refusal('parallel', i, open, '') end
  end
  at = at + 4
end
local counts = {}
for i = 1, windows do
  local key, n, s = window(ARGV[at], length)
  local limit, take = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if n >= limit then return refusal('window', i, n, s + length) end
  counts[i] = {key, n + take, s, take}
  at = at + 3
end
for i = 1, windows do
  local c = counts[i]
  if c[4] > 0 then
    redis.call('HSET', c[1], 'n', c[2], 's', string.format('%.0f', c[3]))
    redis.call('PEXPIRE', c[1], length * 2)
  end
  out[#out + 1] = string.format('%.0f', c[2])
  out[#out + 1] = string.format('%.0f', c[3] + length)
end
at = 9
for i = 1, purses do
  if ARGV[at + 1] ~= '' or ARGV[at + 2] ~= '' then
    redis.call('ZADD', keys[i] .. ':open', now + lease_ms, lease .. '|' .. ARGV[3])
    if amount > 0 then redis.call('HINCRBY', keys[i], 'reserved', ARGV[3]) end
  end
  at = at + 4
end
return out
)lua";

// Operations of an entry: l lease, a amount leased, o purses with the lease, p purses to charge, c cost, w
// windows to count tokens in ([id, tokens]), n window length, d day, g groups of that day's sums, i/t
// prompt and completion tokens, f 1 for a failure, h 1 for a cache hit, m model, k purse of the key (for its
// spend by model), s 0 not to charge. `more` = purses that come to be when first charged.
// What entries add to is summed over all of them and added once: most of a batch is of the same keys and day.
constexpr std::string_view kSettle = R"lua(
local writer = P .. 'writer:' .. ARGV[1]
local last = tonumber(redis.call('GET', writer)) or 0
local sums, charged, days = {}, {}, {}
local function add(key, field, amount)
  local fields = sums[key]
  if not fields then
    fields = {}
    sums[key] = fields
  end
  fields[field] = (fields[field] or 0) + amount
end
-- Whether a purse is charged: one that was removed stays so.
local function charges(id, key)
  if charged[id] == nil then
    charged[id] = redis.call('EXISTS', key) == 1 or id == 'global'
    if charged[id] then roll(key) end
  end
  return charged[id]
end
for at = 3, #ARGV, 3 do
  local number = tonumber(ARGV[at])
  if number > last then
    local e = cjson.decode(ARGV[at + 1])
    if e.l then
      local member = e.l .. '|' .. e.a
      for _, id in ipairs(e.o) do
        local key = P .. 'purse:' .. id
        if redis.call('ZREM', key .. ':open', member) == 1 then add(key, 'reserved', -tonumber(e.a)) end
      end
    end
    for _, id in ipairs(e.p or {}) do
      local key = P .. 'purse:' .. id
      if charges(id, key) then
        add(key, 'spend', e.c)
        add(key, 'total', e.c)
        if id == e.k and e.m then add(key, 'm:' .. e.m, e.c) end
      end
    end
    for _, w in ipairs(e.w or {}) do
      local key, n, s = window(w[1], e.n)
      redis.call('HSET', key, 'n', n + w[2], 's', string.format('%.0f', s))
      redis.call('PEXPIRE', key, e.n * 2)
    end
    if e.d then
      local day = P .. 'day:' .. e.d
      days[e.d] = true
      for _, g in ipairs(e.g) do
        add(day, g .. '|s', e.c)
        add(day, g .. '|r', 1)
        if e.i > 0 then add(day, g .. '|i', e.i) end
        if e.t > 0 then add(day, g .. '|t', e.t) end
        if e.f == 1 then add(day, g .. '|f', 1) end
        if e.h == 1 then add(day, g .. '|h', 1) end
      end
    end
    if ARGV[at + 2] ~= '' then
      redis.call('XADD', P .. 'spend', 'MAXLEN', '~', ARGV[2], '*', 'r', ARGV[at + 2])
    end
    last = number
  end
end
for key, fields in pairs(sums) do
  for field, amount in pairs(fields) do
    if amount ~= 0 or field ~= 'reserved' then redis.call('HINCRBY', key, field, string.format('%.0f', amount)) end
  end
end
for day in pairs(days) do redis.call('ZADD', P .. 'days', 0, day) end
redis.call('SET', writer, string.format('%.0f', last), 'EX', 7776000)
return string.format('%.0f', last)
)lua";

constexpr std::string_view kRenew = R"lua(
for at = 2, #ARGV, 3 do
  local key = P .. 'purse:' .. ARGV[at]
  local member = ARGV[at + 1] .. '|' .. ARGV[at + 2]
  if redis.call('ZADD', key .. ':open', now + tonumber(ARGV[1]), member) == 1 and ARGV[at + 2] ~= '0' then
    redis.call('HINCRBY', key, 'reserved', ARGV[at + 2])
  end
end
return 1
)lua";

constexpr std::string_view kSave = R"lua(
local held = redis.call('GET', KEYS[2]) or ''
if held ~= ARGV[1] then return 'conflict' end
local id, table_name, alias = ARGV[3], ARGV[5], ARGV[6]
if table_name ~= '' then
  if alias ~= '' then
    local owner = redis.call('HGET', table_name, alias)
    if owner and owner ~= id then return 'alias' end
  end
  if held ~= '' then
    local before = cjson.decode(held)
    local old = before['key_alias']
    if type(old) == 'string' and old ~= '' and redis.call('HGET', table_name, old) == id then
      redis.call('HDEL', table_name, old)
    end
  end
  if alias ~= '' then redis.call('HSET', table_name, alias, id) end
end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[4], id)
if ARGV[7] ~= '' then
  local purse = P .. 'purse:' .. ARGV[7]
  redis.call('HSETNX', purse, 'spend', '0')
  for at = 8, #ARGV, 2 do
    if ARGV[at + 1] == '' then redis.call('HDEL', purse, ARGV[at])
    else redis.call('HSET', purse, ARGV[at], ARGV[at + 1]) end
  end
end
redis.call('INCR', KEYS[1])
return 'ok'
)lua";

constexpr std::string_view kRemove = R"lua(
local gone = redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[2] ~= '' and ARGV[3] ~= '' and redis.call('HGET', ARGV[2], ARGV[3]) == ARGV[1] then
  redis.call('HDEL', ARGV[2], ARGV[3])
end
if ARGV[4] ~= '' then redis.call('DEL', P .. 'purse:' .. ARGV[4], P .. 'purse:' .. ARGV[4] .. ':open') end
if gone == 1 then redis.call('INCR', KEYS[1]) end
return gone
)lua";

Script make(std::string_view body) {
    Script script{std::string(kCommon) + std::string(body), {}};
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(script.text.data()), script.text.size(), digest);
    script.sha1 = hex({reinterpret_cast<const char*>(digest), sizeof digest});
    return script;
}

}  // namespace

const Script& admit_script() {
    static const Script script = make(kAdmit);
    return script;
}
const Script& settle_script() {
    static const Script script = make(kSettle);
    return script;
}
const Script& renew_script() {
    static const Script script = make(kRenew);
    return script;
}
const Script& save_script() {
    static const Script script = make(kSave);
    return script;
}
const Script& remove_script() {
    static const Script script = make(kRemove);
    return script;
}

}  // namespace seance::litellm
