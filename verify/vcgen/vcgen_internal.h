// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of vcgen.
//
// A Sym is a value of a term's parameter or result while a condition is made. A scalar is a cell:
// its sort may not be known yet, and as long as nothing asks for its expression an equation may
// define it. What can't be evaluated since a width is not known waits in a queue.
#ifndef VERIFY_VCGEN_VCGEN_INTERNAL_H
#define VERIFY_VCGEN_VCGEN_INTERNAL_H

#include "verify/vcgen/vcgen.h"

typedef struct Sym Sym;
typedef struct Env Env;
typedef struct Untried Untried;
typedef struct Frame Frame;

// ---- Effects ----

typedef enum EventKind {
    EVENT_LOAD,
    EVENT_STORE,
    EVENT_TRAP,
    EVENT_GOTO,
    EVENT_OUTPUT,
    EVENT_OTHER
} EventKind;

typedef struct Event {
    EventKind kind;
    Expr guard;      // happens only if
    uint32_t order;  // number of the call
    uint32_t number; // OUTPUT: of the result; OTHER: the operator
    Expr address;    // LOAD, STORE
    Expr value;      // what is read or written, goes out; successor; TRAP: the condition
    Expr code;       // LOAD, STORE, TRAP
    bool zero_above; // OUTPUT: its register has zeros above the value
    bool whole;      // OUTPUT: nothing is above the value
} Event;

typedef struct Events {
    VEC(Event) list;
} Events;

// ---- Values ----

typedef enum SymKind { SYM_CELL, SYM_STRUCT, SYM_ENUM, SYM_UNIT, SYM_MACRO } SymKind;

struct Sym {
    SymKind kind;
    Sym *link; // CELL: is this one
    bool sorted;
    Sort sort;       // CELL, if `sorted`; a bit vector of width 0 has an open width
    Expr expr;       // CELL: EXPR_NONE as long as nothing defines it
    uint32_t serial; // in order of creation
    Str name;
    const IsleSym *names; // STRUCT
    Sym **fields;         // STRUCT; ENUM: for each variant its fields as a struct, or NULL
    uint32_t num_fields;
    IsleTypeId type; // ENUM
    Sym *tag;        // ENUM: the number of the variant
    const IsleSpecExpr *lambda;
    Env *env;
    bool of_type;    // CELL: the kind of a type, which has its width beside it
    Events *effects; // of an instruction: what happens when it is executed
    bool executed;
};

// A name in scope. `expr` not NULL: evaluated in `scope` when first asked for.
struct Env {
    IsleSym name;
    Sym *value;
    const IsleSpecExpr *expr;
    Env *scope;
    Expr condition; // under which it was named: its effects do not depend on where it is used
    Env *next;
};

// ---- One run ----

typedef enum Stop {
    STOP_NONE,
    STOP_BLOCKED,
    STOP_PRUNED,
    STOP_NO_RULE, // of a helper term: the case is that none matches
    STOP_NO_SPEC,
    STOP_ERROR
} Stop;

// What a call requires.
typedef struct Needs {
    IsleTermId term;
    uint32_t order;     // of the call
    VEC(VcGoal) wanted; // as far as they are known
} Needs;

// An assumption that a call provides which requires something.
typedef struct Guarded {
    uint32_t assumption;
    const Needs *needs;
} Guarded;

// What the statements of one call of a specification share.
typedef struct CallScope {
    IsleTermId term;
    // Of a call that requires something: what it says may be wrong where that is not so, and must
    // not prove it.
    Needs *needs;
    bool assert_mode; // a root's own specification: what it provides must be proved
    Expr guard;       // what must hold for the statements to
    uint32_t floor;   // cells older than this may not be defined
    uint32_t order;
    Events *events;
    VEC(Event) loads; // of this call: equal ones are one
    bool waits;       // an effect could not be evaluated yet
    bool conditional; // below a condition
    // Of a constructor that can't fail, what it provides: cells since this one, and expressions
    // since that node, are the call's own. Nothing may be said of others alone.
    bool is_total;
    uint32_t since, nodes;
} CallScope;

// A statement that waits for widths.
typedef struct Waiting {
    const IsleSpecExpr *expr;
    Env *env;
    CallScope *scope;
} Waiting;

typedef struct Memo {
    IsleTermId term;
    bool extractor;
    Sym **args;
    Sym *result; // of a constructor
    Expr some;
    uint32_t since; // the first cell that is its own
} Memo;

// A call to show, when all is known.
typedef struct GenCall {
    IsleTermId term;
    bool extractor;
    Sym **params;
    Sym *result;
} GenCall;

// A variable, and the cell that it was made for.
typedef struct CellVar {
    Expr var;
    const Sym *cell;
} CellVar;

typedef struct Gen {
    VcProgram *program;
    Isle *isle;
    Arena *arena;
    ExprPool *pool;
    Vc *vc;
    VcTrail *trail;
    uint32_t at; // choices made
    Stop stop;
    IslePos stop_pos;
    uint32_t serial, order, depth;
    bool no_fork; // trying whether another rule matches
    bool settle;  // nothing will tell more of numbers: they are variables now
    bool right;   // the right side is being evaluated
    Expr alive;   // the right side has not trapped before
    Events left, right_events;
    VEC(Sym *) taken; // instructions that the right side has executed besides the root's own
    Events other;     // of the right side of the rule that this one is like
    const struct CallScope *promised; // goals of this call are not to be proved
    VEC(Waiting) waiting;
    VEC(Memo) memos;
    VEC(GenCall) calls; // the root's first
    Sym **states;       // by definition, made when wanted
    Expr *modified;     // by definition of a state: when a call changes it, EXPR_NONE: never
    uint32_t floor;     // of what is tried: older cells may not be defined
    VEC(Expr) late;     // variables of older cells, made while something was tried
    VEC(CellVar) vars;  // of cells
    VEC(Guarded) guarded;
    VEC(Needs *) needs; // of calls, in their order
    CallScope *scope;
    Expr condition;   // within arms of `if`: when this one counts
    Untried *untried; // rules of higher priority that wait for numbers
    Frame *unmatched; // NO_RULE: the call of the helper term
    StrBuf types;
} Gen;

// ---- Notes (vc_notes.c) ----

// Ends the run, or what is being tried: returns NULL for convenience.
Sym *gen_stop(Gen *g, Stop stop, IslePos pos, const char *format, ...) PRINTF_LIKE(4, 5);
// A choice among `count`.
uint32_t gen_choose(Gen *g, uint32_t count);
// Adds an assumption, under the condition of `scope` if there is one.
void gen_assume(Gen *g, const CallScope *scope, Expr e);
void gen_goal(Gen *g, const CallScope *scope, Expr e, Str what);
// Chooses what to prove, once all is known: what one of the calls requires, from what it does not
// provide itself, nor any call behind it; or all else.
void gen_choose_needs(Gen *g);
// What calls have required since the last time becomes goals, and what they have provided counts
// only where that is so.
void gen_join_needs(Gen *g);
// Replaces variables by what the assumptions say that they are (vc_equations.c). Ends the run if
// these contradict each other.
void gen_use_equations(Gen *g);

// ---- Values (vc_values.c) ----

Sym *sym_cell(Gen *g, Str name);
Sym *sym_of_expr(Gen *g, Expr e);
Sym *sym_of_sort(Gen *g, Sort sort, Str name);
// A value of an ISLE type by its model; NULL when it has none.
Sym *sym_of_type(Gen *g, IsleTypeId type, Str name);
// A value of a model type.
Sym *sym_of_model(Gen *g, const IsleModelType *model, Str name);
// Follows links.
Sym *sym_resolve(Sym *sym);
// The scalar's expression, a new variable if nothing has defined it; EXPR_NONE when it is no scalar
// or its width is open (the run is blocked).
Expr sym_expr(Gen *g, Sym *sym, IslePos pos);
// The cell that a variable was made for; NULL: it was made for none, or is no variable.
const Sym *sym_of_var(const Gen *g, Expr var);
// Makes the scalar's sort be `sort`. False: it is another.
bool sym_set_sort(Gen *g, Sym *sym, Sort sort, IslePos pos);
// Makes a value fit a model type. False: it can't.
bool sym_constrain(Gen *g, Sym *sym, const IsleModelType *model);
// Whether it could.
bool sym_may_be(Gen *g, Sym *sym, const IsleModelType *model);
Sym *sym_field(Gen *g, Sym *sym, IsleSym name, IslePos pos);
// The fields of a variant, made when wanted.
Sym *sym_variant(Gen *g, Sym *sym, uint32_t variant);
// a = b as a condition; EXPR_NONE: blocked.
Expr sym_equal(Gen *g, Sym *a, Sym *b, IslePos pos);
// `if cond a b`; NULL: blocked.
Sym *sym_merge(Gen *g, Expr cond, Sym *a, Sym *b, IslePos pos);
// Lets a = b hold, by definition where one of them is not defined yet.
bool sym_equate(Gen *g, CallScope *scope, Sym *a, Sym *b, IslePos pos);

// ---- Expressions of specifications (vc_spec.c, vc_ops.c) ----

// Arms tried in order: conditions in `conds`, each a scalar of its own.
typedef struct Arms {
    Expr conds[64];
    const IsleSpecExpr *bodies[64];
    Env *envs[64];
    uint32_t count;
} Arms;

// Evaluates; `want` is the sort that the context wants, or NULL. NULL: the run is stopped.
Sym *spec_eval(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want);
// A scalar's expression.
Expr spec_scalar(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want);
// A constant integer that is a width or a count.
bool spec_width(Gen *g, const IsleSpecExpr *e, Env *env, uint32_t *out);
Sym *spec_operator(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want);
Env *env_bind(Gen *g, Env *next, IsleSym name, Sym *value);
Env *env_thunk(Gen *g, Env *next, IsleSym name, const IsleSpecExpr *expr, Env *scope);
// With new values for the names of a `with`.
Env *spec_with_scope(Gen *g, const IsleSpecExpr *e, Env *env);
// The arms of a `switch` or `match`. False: the run is stopped.
bool spec_arms(Gen *g, const IsleSpecExpr *e, Env *env, Arms *out);
// The environment of a macro's body, and the body.
const IsleSpecExpr *spec_macro(Gen *g, const IsleSpecExpr *call, Env *env, Env **inner);
// ---- Statements (vc_statements.c) ----

// Whether the expression has a `fresh`, or an effect, in it.
bool spec_has_fresh(Gen *g, const IsleSpecExpr *e);
bool spec_has_effect(Gen *g, const IsleSpecExpr *e);

// Lets statements hold, or be goals, by their scope; those that have to wait do.
void spec_statements(Gen *g, const IsleClause *clause, Env *env, CallScope *scope);
// Tries again what waits, as long as that helps.
void spec_drain(Gen *g);

// ---- Effects (vc_effects.c) ----

bool effect_is(IsleSpecOp op);
void effect_happen(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope);
Expr effect_load(Gen *g, const IsleSpecExpr *e, Env *env);
// What both sides do, compared.
void effect_contract(Gen *g);
// The right side has no use for the registers of what it has taken in.
void effect_leave_taken(Gen *g);
// The same with the right side of another rule in the place of the left side, of which nothing
// counts but how wide its results are.
void effect_contract_other(Gen *g);

// ---- Calls (vc_calls.c) ----

typedef struct CallResult {
    Sym **values; // results of an extractor, or the one of a constructor
    Expr some;
} CallResult;

// A call of a term. `path` not NULL: of a rule that perhaps does not match; what the term provides
// holds if it succeeds and `path` holds.
typedef struct Call {
    IsleTermId term;
    bool extractor;
    Sym **args;
    const Expr *path;
} Call;

// A call of a term with a specification.
bool call_spec(Gen *g, const Call *call, CallResult *out);
// Chooses a signature of a root, if it has any.
bool call_signature(Gen *g, IsleTermId term, Sym **args);
// ---- Values of a rule (vc_frame.c) ----

struct Frame {
    Gen *g;
    IsleRuleSet *set;
    Sym **args;
    CallResult **values; // by binding, NULL: not evaluated yet
    Expr *path;          // of a rule that is tried: what holds if it comes so far; else NULL
};

Frame *frame_new(Gen *g, IsleRuleSet *set, Sym **args);
// False: the run is stopped.
bool frame_eval(Frame *f, IsleBindingId id);
// Of a binding that is evaluated.
Sym *frame_value(const Frame *f, IsleBindingId id);
// Lets a check hold. False: the run is stopped.
bool frame_assume(Frame *f, const IsleCheck *check);
// Whether it holds, as a condition.
Expr frame_holds(Frame *f, const IsleCheck *check);
// Ends the run; false for convenience.
bool gen_missing_spec(Gen *g, IsleTermId term);

// ---- Other rules (vc_order.c) ----

// The rules of higher priority do not match.
void rule_negate_higher(Frame *f, const IsleRuleForm *form);
// Once numbers are settled: those of them that could not be tried before.
void rule_negate_rest(Gen *g);
// Ends the run with STOP_NO_RULE: the case is that no rule of the term matches.
void rule_find_none(Gen *g, IsleTermId term, Sym **args);
// After STOP_NO_RULE, once numbers are settled: no rule of that term matches, which must not be.
void rule_none_matches(Gen *g);
// The conditions under which a rule matches where another one does; EXPR_NONE: values do not decide
// it.
Expr rule_matches_too(Frame *f, const IsleRuleForm *form, const IsleRuleForm *other);

// ---- Rules (vc_rules.c) ----

// The value of a term's rule `n` on `args`.
Sym *rule_apply(Gen *g, IsleTermId term, uint32_t n, Sym **args);
// The values of two rules on the same `args`, that of `pair->n` first, when both match; the effects
// of the other one's right side are `other`. False: the run is stopped.
bool rule_apply_pair(Gen *g, const VcPair *pair, Sym **args, Sym *values[2]);
// Any constructor: by specification or by rules.
bool rule_construct(Gen *g, const Call *call, CallResult *out);

#endif
