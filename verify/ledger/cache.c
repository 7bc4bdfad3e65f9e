// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Answers in a SQLite file. A key is that of the question, of the solver's version and of our
// translation for it. A model is the values of the question's variables in their order. Beside the
// strength stands a sum of the row: SQLite tells a file whose pages do not fit, but not that a bit
// of an answer is another one. Rows from before have none.

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

// What the file says of itself as a whole: true if it is sound, or busy.
static bool checks_itself(sqlite3 *db)
{
    sqlite3_stmt *check = NULL;
    sqlite3_busy_timeout(db, PATIENCE_MS);
    int status = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL);
    if (status == SQLITE_OK)
        status = sqlite3_step(check);
    const char *const said =
        status == SQLITE_ROW ? (const char *)sqlite3_column_text(check, 0) : NULL;
    const bool sound = said ? str_eq_c(str_from(said), "ok") : (status & 0xff) == SQLITE_BUSY;
    sqlite3_finalize(check);
    return sound;
}

bool ledger_cache_is_sound(const char *path)
{
    sqlite3 *db = NULL;
    const int status = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    // That there is none, or no way to it, is for ledger_cache_open to say.
    const bool sound = status == SQLITE_OK ? checks_itself(db) : status == SQLITE_CANTOPEN;
    sqlite3_close(db);
    return sound;
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
static LedgerKey row_key(const LedgerCache *cache, const LedgerQuestion *q, SmtWay way)
{
    const LedgerKey parts[] = {q->key, cache->solver, {(uint64_t)way, 0}};
    const size_t used = way == SMT_BOTH ? sizeof(parts[0]) * 2 : sizeof(parts);
    return ledger_key_of((Str){(const char *)parts, used});
}

// ---- Rows ----

typedef struct Row {
    LedgerKey key;
    int64_t verdict, budget, steps;
    Str reason, model;
} Row;

enum { STRENGTH_BITS = 8 };

_Static_assert((int)SMT_STRENGTH < 1 << STRENGTH_BITS, "the sum stands above it");

// Never 0.
static int64_t row_sum(const Row *row, Arena *arena)
{
    const uint64_t numbers[] = {row->key.low,          row->key.high,        (uint64_t)row->verdict,
                                (uint64_t)row->budget, (uint64_t)row->steps, row->reason.len};
    StrBuf bytes = {.arena = arena};
    buf_str(&bytes, (Str){(const char *)numbers, sizeof(numbers)});
    buf_str(&bytes, row->reason);
    buf_str(&bytes, row->model);
    return (int64_t)(ledger_key_of(buf_view(&bytes)).low >> (STRENGTH_BITS + 1) | 1);
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

static Row read_row(sqlite3_stmt *row, LedgerKey key)
{
    return (Row){.key = key,
                 .verdict = sqlite3_column_int64(row, 0),
                 .budget = sqlite3_column_int64(row, 1),
                 .steps = sqlite3_column_int64(row, 3),
                 .reason = column_bytes(row, 4),
                 .model = column_bytes(row, 5)};
}

static bool read_answer(const Row *row, bool as_strong, const LedgerQuestion *q, uint64_t budget,
                        Arena *arena, SmtResult *out)
{
    const uint64_t had = (uint64_t)row->budget;
    *out = (SmtResult){.steps = (uint64_t)row->steps};
    switch (row->verdict) {
    case SMT_UNSAT: out->verdict = SMT_UNSAT; return true;
    case SMT_SAT: out->verdict = SMT_SAT; return unpack_model(q, row->model, out, arena);
    case SMT_UNKNOWN:
        out->verdict = SMT_UNKNOWN;
        out->reason = str_copy(arena, row->reason);
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
    const LedgerKey key = row_key(cache, question, how->way);
    bool found = false;
    sqlite3_bind_blob(cache->find, 1, &key, sizeof(key), SQLITE_TRANSIENT);
    if (sqlite3_step(cache->find) == SQLITE_ROW) {
        const Row row = read_row(cache->find, key);
        const int64_t strength = sqlite3_column_int64(cache->find, 2);
        const int64_t sum = strength >> STRENGTH_BITS;
        const bool as_strong = strength % (1 << STRENGTH_BITS) == (int64_t)SMT_STRENGTH;
        found = (sum == 0 || sum == row_sum(&row, arena)) &&
                read_answer(&row, as_strong, question, how->budget, arena, out);
    }
    sqlite3_reset(cache->find);
    return found;
}

void cache_store(LedgerCache *cache, const LedgerQuestion *question, const LedgerAsk *how,
                 const SmtResult *answer, Arena *arena)
{
    sqlite3_stmt *const s = cache->store;
    const Row row = {.key = row_key(cache, question, how->way),
                     .verdict = (int64_t)answer->verdict,
                     .budget = (int64_t)how->budget,
                     .steps = (int64_t)answer->steps,
                     .reason = answer->reason,
                     .model = pack_model(question, answer, arena)};
    const int64_t above = row_sum(&row, arena) * (1 << STRENGTH_BITS);
    sqlite3_bind_blob(s, 1, &row.key, sizeof(row.key), SQLITE_TRANSIENT);
    sqlite3_bind_int64(s, 2, row.verdict);
    sqlite3_bind_int64(s, 3, row.budget);
    sqlite3_bind_int64(s, 4, above + (int64_t)SMT_STRENGTH);
    sqlite3_bind_int64(s, 5, row.steps);
    sqlite3_bind_text(s, 6, row.reason.data, (int)row.reason.len, SQLITE_STATIC);
    sqlite3_bind_blob(s, 7, row.model.data, (int)row.model.len, SQLITE_STATIC);
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
