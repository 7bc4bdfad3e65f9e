// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The database.

#include "fuzz-targets/triage/triage.h"

#include <sqlite3.h>
#include <time.h>

#define BUSY_MILLISECONDS 10000

struct Triage {
    Arena arena;
    sqlite3 *db;
};

static const char *const state_names[TRIAGE_STATE_COUNT] = {"new", "known", "fixed"};

const char *triage_state_name(TriageState state)
{
    ASSERT(state < TRIAGE_STATE_COUNT);
    return state_names[state];
}

TriageState triage_parse_state(Str name)
{
    uint32_t i = 0;
    while (i < TRIAGE_STATE_COUNT && !str_eq_c(name, state_names[i]))
        i++;
    return (TriageState)i;
}

// ---- SQL ----

// Columns of texts, in the order of the schema; those from LIST_TEXTS on are large.
#define TEXT_COLUMNS \
    "signature, target, stage, kind, engine, cause, message, reduced, program, input"
enum { LIST_TEXTS = 8, NUM_TEXTS = 10 };

static void text_fields(TriageFinding *f, Str *fields[NUM_TEXTS])
{
    Str *const order[NUM_TEXTS] = {&f->signature, &f->target,  &f->stage,   &f->kind,    &f->engine,
                                   &f->cause,     &f->message, &f->reduced, &f->program, &f->input};
    memcpy(fields, order, sizeof(order));
}

static Status failure(Triage *t, Diag *diag)
{
    return diag_error(diag, STATUS_IO, NULL, POS_NONE, "the database of findings: %s",
                      t->db ? sqlite3_errmsg(t->db) : "out of memory");
}

static Status prepare(Triage *t, const char *sql, sqlite3_stmt **out, Diag *diag)
{
    return sqlite3_prepare_v2(t->db, sql, -1, out, NULL) == SQLITE_OK ? STATUS_OK
                                                                      : failure(t, diag);
}

// Runs a statement that gives no rows, and drops it.
static Status run(Triage *t, sqlite3_stmt *statement, Diag *diag)
{
    const bool done = sqlite3_step(statement) == SQLITE_DONE;
    const Status status = done ? STATUS_OK : failure(t, diag);
    sqlite3_finalize(statement);
    return status;
}

static void bind_text(sqlite3_stmt *statement, int column, Str text)
{
    sqlite3_bind_text64(statement, column, text.data ? text.data : "", text.len, SQLITE_STATIC,
                        SQLITE_UTF8);
}

// Inputs are bytes, and so is what a process that broke down may have said.
static void bind_bytes(sqlite3_stmt *statement, int column, Str bytes)
{
    sqlite3_bind_blob64(statement, column, bytes.data ? bytes.data : "", bytes.len, SQLITE_STATIC);
}

static Str column_bytes(sqlite3_stmt *statement, int column, Arena *arena)
{
    const void *const bytes = sqlite3_column_blob(statement, column);
    const int len = sqlite3_column_bytes(statement, column);
    return len == 0 ? STR("") : str_copy(arena, (Str){bytes, (size_t)len});
}

// ---- Life ----

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS findings ("
    "id INTEGER PRIMARY KEY, signature UNIQUE NOT NULL, "
    "target, stage, kind, engine, cause, message, reduced, program, input, "
    "seed INTEGER, state INTEGER NOT NULL, count INTEGER NOT NULL, "
    "first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL)";

Triage *triage_open(const char *path, Diag *diag)
{
    Arena arena = {0};
    Triage *const t = ARENA_NEW(&arena, Triage);
    t->arena = arena; // moved: `arena` is not used any more
    if (sqlite3_open(path, &t->db) == SQLITE_OK) {
        sqlite3_busy_timeout(t->db, BUSY_MILLISECONDS);
        if (sqlite3_exec(t->db, schema, NULL, NULL, NULL) == SQLITE_OK)
            return t;
    }
    diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: %s", path,
               t->db ? sqlite3_errmsg(t->db) : "out of memory");
    triage_close(t);
    return NULL;
}

void triage_close(Triage *t)
{
    if (!t)
        return;
    sqlite3_close(t->db);
    Arena last = t->arena; // holds *t
    arena_free(&last);
}

// ---- Rows ----

#define ROW_COLUMNS "id, seed, state, count, first_seen, last_seen, "
enum { NUM_NUMBERS = 6 };

static void read_row(sqlite3_stmt *statement, int num_texts, Arena *arena, TriageFinding *out)
{
    Str *fields[NUM_TEXTS];
    *out = (TriageFinding){.id = sqlite3_column_int64(statement, 0),
                           .seed = (uint64_t)sqlite3_column_int64(statement, 1),
                           .state = (TriageState)sqlite3_column_int(statement, 2),
                           .count = (uint64_t)sqlite3_column_int64(statement, 3),
                           .first_seen = sqlite3_column_int64(statement, 4),
                           .last_seen = sqlite3_column_int64(statement, 5)};
    text_fields(out, fields);
    for (int i = 0; i < num_texts; i++)
        *fields[i] = column_bytes(statement, NUM_NUMBERS + i, arena);
}

Status triage_record(Triage *t, TriageFinding *finding, Diag *diag)
{
    // A row that has no reduced program yet takes this one's.
    static const char sql[] =
        "INSERT INTO findings (" TEXT_COLUMNS ", seed, state, count, first_seen, last_seen) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 1, ?12, ?12) "
        "ON CONFLICT (signature) DO UPDATE SET count = count + 1, last_seen = ?12, "
        "state = CASE state WHEN 2 THEN 0 ELSE state END, "
        "reduced = CASE reduced WHEN '' THEN excluded.reduced ELSE reduced END";
    static const char query[] =
        "SELECT id, state, count, first_seen, last_seen FROM findings WHERE signature = ?1";
    sqlite3_stmt *statement;
    Str *fields[NUM_TEXTS];
    text_fields(finding, fields);
    TRY(prepare(t, sql, &statement, diag));
    for (int i = 0; i < NUM_TEXTS - 1; i++)
        bind_text(statement, i + 1, *fields[i]);
    bind_bytes(statement, NUM_TEXTS, finding->input);
    sqlite3_bind_int64(statement, 11, (sqlite3_int64)finding->seed);
    sqlite3_bind_int64(statement, 12, (sqlite3_int64)time(NULL));
    TRY(run(t, statement, diag));
    TRY(prepare(t, query, &statement, diag));
    bind_text(statement, 1, finding->signature);
    const bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found) {
        finding->id = sqlite3_column_int64(statement, 0);
        finding->state = (TriageState)sqlite3_column_int(statement, 1);
        finding->count = (uint64_t)sqlite3_column_int64(statement, 2);
        finding->first_seen = sqlite3_column_int64(statement, 3);
        finding->last_seen = sqlite3_column_int64(statement, 4);
    }
    sqlite3_finalize(statement);
    return found ? STATUS_OK : failure(t, diag);
}

Status triage_list(Triage *t, Arena *arena, TriageFindings *out, Diag *diag)
{
    sqlite3_stmt *statement;
    int step;
    *out = (TriageFindings){0};
    TRY(prepare(t, "SELECT " ROW_COLUMNS TEXT_COLUMNS " FROM findings ORDER BY id", &statement,
                diag));
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        TriageFinding finding;
        read_row(statement, LIST_TEXTS, arena, &finding);
        VEC_PUSH(arena, out, finding);
    }
    const Status status = step == SQLITE_DONE ? STATUS_OK : failure(t, diag);
    sqlite3_finalize(statement);
    return status;
}

static Status unknown(int64_t id, Diag *diag)
{
    return diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "there is no finding %lld",
                      (long long)id);
}

Status triage_get(Triage *t, int64_t id, Arena *arena, TriageFinding *out, Diag *diag)
{
    sqlite3_stmt *statement;
    TRY(prepare(t, "SELECT " ROW_COLUMNS TEXT_COLUMNS " FROM findings WHERE id = ?1", &statement,
                diag));
    sqlite3_bind_int64(statement, 1, id);
    const bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        read_row(statement, NUM_TEXTS, arena, out);
    sqlite3_finalize(statement);
    return found ? STATUS_OK : unknown(id, diag);
}

Status triage_mark(Triage *t, int64_t id, TriageState state, Diag *diag)
{
    sqlite3_stmt *statement;
    TRY(prepare(t, "UPDATE findings SET state = ?2 WHERE id = ?1", &statement, diag));
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int(statement, 2, (int)state);
    TRY(run(t, statement, diag));
    return sqlite3_changes(t->db) == 0 ? unknown(id, diag) : STATUS_OK;
}
