// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Answers in a SQLite file. A key is that of the question, of the solver's version and of our
// translation for it. A model is the values of the question's variables in their order.

#include "verify/ledger/ledger_internal.h"

#include <sqlite3.h>

enum { PATIENCE_MS = 20000 };

struct LedgerCache {
    sqlite3 *db;
    sqlite3_stmt *find, *store;
    LedgerKey solver;
};

// The journal lets readers and a writer work at once. What a crash of the machine loses is asked
// again.
static const char setup[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
    "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, verdict INTEGER, budget INTEGER,"
    " strength INTEGER,"
    " steps INTEGER, reason TEXT, model BLOB) WITHOUT ROWID;";

static LedgerKey solver_key(Arena *arena)
{
    const Str version = smt_version(arena);
    return ledger_key_of(str_printf(arena, "%.*s, meaning %d", STR_ARG(version), (int)SMT_MEANING));
}

LedgerCache *ledger_cache_open(Arena *arena, const char *path)
{
    LedgerCache *const cache = ARENA_NEW(arena, LedgerCache);
    cache->solver = solver_key(arena);
    bool good = sqlite3_open(path, &cache->db) == SQLITE_OK;
    good =
        good && sqlite3_busy_timeout(cache->db, PATIENCE_MS) == SQLITE_OK &&
        sqlite3_exec(cache->db, setup, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(cache->db,
                           "SELECT verdict, budget, strength, steps, reason, model FROM answers"
                           " WHERE key = ?",
                           -1, &cache->find, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(cache->db, "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
                           -1, &cache->store, NULL) == SQLITE_OK;
    if (good)
        return cache;
    ledger_cache_close(cache);
    return NULL;
}

void ledger_cache_close(LedgerCache *cache)
{
    if (!cache)
        return;
    sqlite3_finalize(cache->find);
    sqlite3_finalize(cache->store);
    sqlite3_close(cache->db);
}

// The key of the question, of the solver, and of the way to ask it unless that is the usual one.
static void bind_key(const LedgerCache *cache, sqlite3_stmt *statement, const LedgerQuestion *q,
                     SmtWay way)
{
    const LedgerKey parts[] = {q->key, cache->solver, {(uint64_t)way, 0}};
    const size_t used = way == SMT_BOTH ? sizeof(parts[0]) * 2 : sizeof(parts);
    const LedgerKey key = ledger_key_of((Str){(const char *)parts, used});
    sqlite3_bind_blob(statement, 1, &key, sizeof(key), SQLITE_TRANSIENT);
}

// ---- Models ----

static size_t value_size(Sort sort)
{
    switch (sort.kind) {
    case SORT_BOOL: return 1;
    case SORT_INT: return sizeof(Wide);
    case SORT_BV: return (sort.width + 7) / 8;
    }
    UNREACHABLE();
}

static Str pack_model(const LedgerQuestion *q, const SmtResult *answer, Arena *arena)
{
    StrBuf out = {.arena = arena};
    for (uint32_t i = 0; i < answer->num_model; i++) {
        const ExprNode *const node = &q->pool->nodes.data[i];
        for (size_t byte = 0; node->op == EXPR_VAR && byte < value_size(node->sort); byte++)
            buf_char(&out, (char)(answer->model[i].bits.w[byte / 8] >> (byte % 8 * 8)));
    }
    return buf_view(&out);
}

// False: what is stored is no model of the question.
static bool unpack_model(const LedgerQuestion *q, Str bytes, SmtResult *out, Arena *arena)
{
    size_t at = 0;
    out->num_model = q->pool->nodes.len;
    out->model = ARENA_ARRAY(arena, ExprValue, out->num_model);
    for (uint32_t i = 0; i < out->num_model; i++) {
        const ExprNode *const node = &q->pool->nodes.data[i];
        out->model[i].sort = node->sort;
        const size_t size = node->op == EXPR_VAR ? value_size(node->sort) : 0;
        if (bytes.len - at < size)
            return false;
        for (size_t byte = 0; byte < size; byte++)
            out->model[i].bits.w[byte / 8] |= (uint64_t)(uint8_t)bytes.data[at++] << (byte % 8 * 8);
    }
    return at == bytes.len;
}

// ---- Answers ----

static Str column_bytes(sqlite3_stmt *row, int column)
{
    const char *const data = sqlite3_column_blob(row, column);
    return (Str){data, data ? (size_t)sqlite3_column_bytes(row, column) : 0};
}

static bool read_answer(sqlite3_stmt *row, const LedgerQuestion *q, uint64_t budget, Arena *arena,
                        SmtResult *out)
{
    const int verdict = sqlite3_column_int(row, 0);
    const uint64_t had = (uint64_t)sqlite3_column_int64(row, 1);
    const bool as_strong = sqlite3_column_int(row, 2) == (int)SMT_STRENGTH;
    *out = (SmtResult){.steps = (uint64_t)sqlite3_column_int64(row, 3)};
    switch (verdict) {
    case SMT_UNSAT: out->verdict = SMT_UNSAT; return true;
    case SMT_SAT: out->verdict = SMT_SAT; return unpack_model(q, column_bytes(row, 5), out, arena);
    case SMT_UNKNOWN:
        out->verdict = SMT_UNKNOWN;
        out->reason = str_copy(arena, column_bytes(row, 4));
        // What a smaller budget would have cost: what is asked next depends on that, and must not
        // on who has asked before.
        if (had > budget && budget != 0)
            out->steps = (uint64_t)((double)out->steps * (double)budget / (double)had);
        return as_strong && (had == 0 || (budget != 0 && had >= budget));
    default: return false;
    }
}

bool cache_find(LedgerCache *cache, const LedgerQuestion *question, const LedgerAsk *how,
                Arena *arena, SmtResult *out)
{
    bind_key(cache, cache->find, question, how->way);
    const bool found = sqlite3_step(cache->find) == SQLITE_ROW &&
                       read_answer(cache->find, question, how->budget, arena, out);
    sqlite3_reset(cache->find);
    return found;
}

void cache_store(LedgerCache *cache, const LedgerQuestion *question, const LedgerAsk *how,
                 const SmtResult *answer, Arena *arena)
{
    sqlite3_stmt *const s = cache->store;
    const Str model = pack_model(question, answer, arena);
    bind_key(cache, s, question, how->way);
    sqlite3_bind_int(s, 2, (int)answer->verdict);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)how->budget);
    sqlite3_bind_int(s, 4, (int)SMT_STRENGTH);
    sqlite3_bind_int64(s, 5, (sqlite3_int64)answer->steps);
    sqlite3_bind_text(s, 6, answer->reason.data, (int)answer->reason.len, SQLITE_STATIC);
    sqlite3_bind_blob(s, 7, model.data, (int)model.len, SQLITE_STATIC);
    sqlite3_step(s);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

// The model of the question as one of the expressions given.
static void translate_model(const LedgerQuestion *q, const ExprPool *pool, SmtResult *answer,
                            Arena *arena)
{
    ExprValue *const model = ARENA_ARRAY(arena, ExprValue, pool->nodes.len);
    for (uint32_t i = 0; i < pool->nodes.len; i++)
        model[i].sort = pool->nodes.data[i].sort;
    for (uint32_t i = 0; i < q->pool->nodes.len; i++)
        if (q->pool->nodes.data[i].op == EXPR_VAR)
            model[q->originals[i].index] = answer->model[i];
    answer->model = model;
    answer->num_model = pool->nodes.len;
}

SmtResult ledger_ask(LedgerCache *cache, const ExprPool *pool, const LedgerAsk *how, Arena *arena)
{
    LedgerRoot *const roots = ARENA_ARRAY(arena, LedgerRoot, how->count);
    for (uint32_t i = 0; i < how->count; i++)
        roots[i] = (LedgerRoot){how->conditions[i], 0};
    const LedgerQuestion q = ledger_question(pool, roots, how->count, arena);
    SmtResult answer;
    if (!cache || !cache_find(cache, &q, how, arena, &answer)) {
        Expr *const own = ARENA_ARRAY(arena, Expr, how->count);
        for (uint32_t i = 0; i < how->count; i++)
            own[i] = q.roots[i].expr;
        answer = smt_decide(q.pool, own, how->count, how->budget, how->way, arena);
        if (cache)
            cache_store(cache, &q, how, &answer, arena);
    }
    if (answer.verdict == SMT_SAT)
        translate_model(&q, pool, &answer, arena);
    return answer;
}
