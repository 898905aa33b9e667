#pragma once
#include <string>
#include <string_view>

namespace seance::litellm {

// A program that runs inside Valkey, where nothing else runs meanwhile: what it checks and changes is one
// step, over all gateways. Called by its SHA-1 digest, sent whole when the server does not know it. The first
// key of each is that of the version of all records, which also tells how the others begin (Store::run()).
struct Script {
    std::string text, sha1;
};

// Checks budgets, parallel limits and rate limits of one call, in this order, and takes from all of them or
// from none. Money that the call may cost and its place among the parallel calls are leased: the lease of a
// process that dies runs out. A call that comes after its caller has given up takes nothing.
//   ARGV: version of the records that the caller knows · lease · amount (nano-USD) · lease time (ms) · window
//         (ms) · number of purses · number of windows · when the caller gives up (ms of the server's clock)
//         or
//         "" · per purse: id, budget or "", parallel limit or "", period ("s86400", "m1") or "" · per window:
//         id, limit, what it takes ("1" a request, "0" nothing)
//   gives {"ok", now, per purse: spend, time of its reset or "", then count and end (ms) of each window}
//      or {"stale"} · {"late", now} · {"budget", index, spend + open reservations, spend} · {"parallel",
//      index, count} or {"window", index, count, end}
const Script& admit_script();

// Applies a batch of settled calls, each exactly once: a writer numbers its entries, and those not above the
// last number applied are passed over.
//   ARGV: writer · most records to keep · per entry: number, operations (JSON), record (JSON or "")
//   gives the last number applied
const Script& settle_script();

// Prolongs leases of calls that still run, and brings back those that ran out meanwhile.
//   ARGV: lease time (ms) · per lease: purse, lease, amount
const Script& renew_script();

// Writes a record if it is still what the caller has read ("" = absent), with its index and its purse.
//   KEYS: version · record · index · ARGV: old text · new text · id · created (ms) · alias table or "" ·
//         alias or "" · purse id or "" · purse fields and values…
//   gives "ok" · "conflict" · "alias"
const Script& save_script();

// Removes a record: KEYS version · record · index · ARGV: id · alias table or "" · alias or "" · purse
// or "" · gives 1 or 0
const Script& remove_script();

}  // namespace seance::litellm
