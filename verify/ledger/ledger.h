// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ledger: what the solver has answered already. In goes a list of conditions, as for verify/smt;
// out comes the solver's answer, from a cache if the question has been asked before.
//
// A question is brought into a form of its own first (LedgerQuestion): only what the conditions
// reach, in an order that follows from their structure, without names. The key is a 128-bit hash of
// that form as a whole, so that equal keys are equal questions; it does not depend on where in a
// file a rule stands, on comments, or on other rules. The solver is given this form too: one
// question has one answer, from the cache or not, in whichever order questions come.
//
// The cache is a SQLite file that several processes may use at once. It may be deleted at any time,
// and a failure to read or write it costs time, never an answer.
#ifndef VERIFY_LEDGER_LEDGER_H
#define VERIFY_LEDGER_LEDGER_H

#include "verify/expr/expr.h"
#include "verify/smt/smt.h"

typedef struct LedgerKey {
    uint64_t low, high;
} LedgerKey;

// The key of some bytes, and the key of both in any order.
LedgerKey ledger_key_of(Str bytes);
LedgerKey ledger_key_add(LedgerKey a, LedgerKey b);
bool ledger_key_equal(LedgerKey a, LedgerKey b);
// As 32 digits.
void ledger_key_print(LedgerKey key, StrBuf *out);
// Reads what ledger_key_print wrote. False: it is something else.
bool ledger_key_read(Str text, LedgerKey *out);

// ---- Questions ----

// An expression and what it is in the question: an assumption, say, or a goal.
typedef struct LedgerRoot {
    Expr expr;
    uint32_t role;
} LedgerRoot;

typedef struct LedgerQuestion {
    ExprPool *pool; // of the form's own
    LedgerRoot *roots;
    uint32_t num_roots;
    Expr *originals; // by node of `pool`: the node that was given
    LedgerKey key;
} LedgerQuestion;

// The form of `roots`, in `arena`. Expressions that differ in the names and numbers of variables,
// the order of roots of one role or of operands that may change places alone nearly always give one
// form; others never do.
LedgerQuestion ledger_question(const ExprPool *pool, const LedgerRoot *roots, uint32_t count,
                               Arena *arena);

// ---- Answers ----

typedef struct LedgerCache LedgerCache;

// Whether the file `path` can be used as a cache, or there is none: false if it is something else
// or damaged. It is read as a whole, and not written to.
bool ledger_cache_is_sound(const char *path);
// Opens the cache `path`, which is made if there is none, in `arena`. NULL: it can't be.
LedgerCache *ledger_cache_open(Arena *arena, const char *path);
// Closes it; NULL is no cache.
void ledger_cache_close(LedgerCache *cache);

typedef struct LedgerAsk {
    const Expr *conditions;
    uint32_t count;
    SmtWay way;
    uint64_t budget;
} LedgerAsk;

// As smt_decide, through `cache` (may be NULL). A question that was given up is asked again if it
// had a smaller budget, or another SMT_STRENGTH.
SmtResult ledger_ask(LedgerCache *cache, const ExprPool *pool, const LedgerAsk *how, Arena *arena);

#endif
