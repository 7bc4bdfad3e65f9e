// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// vcgen: from a rule to what must be proved of it.
//
//   root term, rule -> chains of rules, signatures -> assumptions and goals over expressions
//
// A condition (Vc) is one way through the choices that a rule leaves open: which signature each
// instruction has, which rule of a helper term applies. Helper terms without a specification are
// replaced by their rules; terms with one are leaves, proved as roots of their own. A trail holds
// the choices: vc_run makes the condition of a trail, vc_trail_next the next trail, so that nothing
// is ever copied or undone.
//
// Everything of a condition lives in the arena of the run. The program's Isle is read only, but for
// symbols and rule sets, which grow in the Isle's arena: one program belongs to one thread.
#ifndef VERIFY_VCGEN_VCGEN_H
#define VERIFY_VCGEN_VCGEN_H

#include "isle-rules/compiler/islec.h"
#include "verify/expr/expr.h"

typedef struct VcProgram {
    Isle *isle;
    Arena *arena;
    IsleRuleSet **sets;            // by term, made when wanted
    const IsleDef ***instantiates; // by term: its `instantiate` definitions, ended by NULL
    bool *is_function;             // by term: has the tag `function`
    bool *takes_many;              // by term: its extractor may match in several ways
    bool *zero_above;              // by term: has the tag `zero_above`
    bool *zero_above_32;           // by term: has the tag `zero_above_32`
    bool *whole_result;            // by term: has the tag `whole_result`
    bool *some_types;              // by term: has the tag `some_types`
    IsleSym result;                // the name `result`
} VcProgram;

// Prepares a program that isle_check accepted.
VcProgram *vc_program_new(Arena *arena, Isle *isle);

// Rules of a term, as their numbers in its rule set.
uint32_t vc_num_rules(VcProgram *program, IsleTermId term);
IsleRuleId vc_rule(VcProgram *program, IsleTermId term, uint32_t n);
// The one that is tried last, whichever order they are written in: of the lowest priority, and of
// these by its name.
IsleRuleId vc_last_rule(VcProgram *program, IsleTermId term);
// Whether a term's rules are proved by themselves: it has rules and a specification.
bool vc_is_root(const VcProgram *program, IsleTermId term);
// Whether calls of the term must find a rule, and its rules do not say plainly that they do: a call
// that finds none ends the compiler.
bool vc_may_be_unmatched(VcProgram *program, IsleTermId term);

// ---- Trails ----

typedef struct VcChoice {
    uint32_t chosen, count;
} VcChoice;

typedef struct VcTrail {
    VEC(VcChoice) choices;
} VcTrail;

// Moves to the next trail; false when all have been seen. Start with an empty trail, and hand the
// trail that vc_run made complete.
bool vc_trail_next(VcTrail *trail);

// ---- Conditions ----

typedef enum VcStatus {
    VC_READY,   // assumptions and goals are complete
    VC_PRUNED,  // the choices contradict each other: no such case, `message` says why
    VC_NO_SPEC, // a meaning is missing: `message` names it
    VC_ERROR    // a meaning is wrong in itself: `message` says where and why
} VcStatus;

typedef struct VcGoal {
    Expr expr;
    Str what; // for people: which promise this is
} VcGoal;

// A call of a term with a specification, or a state, to show a counterexample by.
typedef struct VcCall {
    Str text; // "iadd"
    bool extractor;
    bool state;           // its value is in `results`
    IsleTermId term;      // unless it is a state
    VEC(Expr) args;       // scalars; EXPR_NONE: an argument that is nothing to show
    VEC(uint32_t) starts; // by parameter of the term: the first of its scalars
    VEC(Expr) results;
} VcCall;

typedef struct Vc {
    VcStatus status;
    Str message;
    Str missing; // NO_SPEC: the term or type without a meaning
    ExprPool *pool;
    VEC(Expr) assumptions;
    VEC(Expr) higher; // further ones: rules of higher priority do not match
    VEC(Expr) met; // what other cases prove (`unmet`): a question may be easier with it, or harder
    VEC(VcGoal) goals;
    VEC(IsleRuleId) rules; // that take part; the root's first
    VEC(VcCall) calls;
    VEC(Expr) inputs; // what the rule ranges over
    Str types;        // the signatures chosen, for people
    // The case is that no rule of a term matches, and the goal that there is no such case.
    bool unmatched;
    // The case is that something is not so that a call requires, and the goals that it is. The
    // other goals are those of a case of its own.
    bool unmet;
    // How many of the trail's choices, and of the assumptions, are of the left side alone;
    // UINT32_MAX choices: the right side was not reached. Of use when PRUNED: no equation is used
    // up then.
    uint32_t left_choices, left_assumptions;
} Vc;

// Makes the condition of rule `n` of `root` for the choices of `trail`, which grows by the first
// way through what it leaves open; of one more than there are, that no rule matches. The
// condition's expressions are simplified by its equations.
void vc_run(VcProgram *program, IsleTermId root, uint32_t n, VcTrail *trail, Arena *arena, Vc *out);

// What is asked of two rules.
typedef enum VcPairGoal {
    VC_PAIR_PLAIN,   // the other one plainly matches whenever the rule does, and does the same
    VC_PAIR_MATCHES, // the other one matches whenever the rule does: a goal of its own, as what a
                     // rule's patterns provide is assumed where its right side is looked at
    VC_PAIR_SAME     // where both match, they do the same
} VcPairGoal;

// Two rules of a root that has a specification.
typedef struct VcPair {
    IsleTermId root;
    uint32_t n, like;
    VcPairGoal goal;
} VcPair;

// Makes the condition that rule `n` does what rule `like` does, which must match whenever that one
// does (else ERROR, or the goal): both have the same effects and the same results, all bits of them
// that the specification speaks of, or all that there are if it says nothing of their width. Other
// rules, and whether any of both is right, are no matter.
void vc_run_pair(VcProgram *program, const VcPair *pair, VcTrail *trail, Arena *arena, Vc *out);

// A term with a specification.
typedef struct VcCallOf {
    IsleTermId term;
    uint32_t width;
} VcCallOf;

// Makes the condition that one call of a term with a specification is, for a signature: PRUNED if
// its meaning contradicts that.
void vc_run_meaning(VcProgram *program, IsleTermId term, VcTrail *trail, Arena *arena, Vc *out);

// The same with what the term requires as goals, and what it provides behind the first
// `left_assumptions`, nothing of it used up. The inputs are the variables of operands that are
// values: neither widths nor kinds of types. Operands whose width nothing says have `width` bits.
void vc_run_call(VcProgram *program, const VcCallOf *of, VcTrail *trail, Arena *arena, Vc *out);

// ---- Sequences ----

// Two lists of instructions, given one by one, that must come to the same: the left one is what is
// meant, the right one what is done. Each instruction is a call of a constructor with a
// specification, on operands that are expressions of `vc->pool`. What holds of them afterwards is
// for the caller to say; effects are compared by vc_sequence_end.
typedef struct VcSequence VcSequence;

// A scalar of an operand or result, by the name of the innermost field; without a name, the value
// itself.
typedef struct VcScalar {
    Str name;
    Expr value;
} VcScalar;

// The operands of one parameter. A scalar that is not given is unknown.
typedef struct VcOperand {
    VcScalar scalars[8];
    uint32_t count;
} VcOperand;

typedef struct VcStep {
    IsleTermId term;
    const VcOperand *operands; // by parameter
    Expr path;                 // the instruction is executed only if
} VcStep;

// An access of memory, when `path` holds. What a load reads is a variable.
typedef struct VcAccess {
    bool is_store;
    Expr path, address, value, code;
} VcAccess;

// Begins, with nothing on either side. `vc` is filled while the sequence grows.
VcSequence *vc_sequence_begin(VcProgram *program, Arena *arena, Vc *vc);
// The value of a state of the program, as both sides see it, or which it is. Before the first step.
Expr vc_sequence_state(VcSequence *s, const char *name);
void vc_sequence_set_state(VcSequence *s, const char *name, Expr value);
// What the right side reads at this very address is `value`: the reading is no effect, and can't
// trap.
void vc_sequence_know(VcSequence *s, Expr address, Expr value);
// A step of the left side: its operands satisfy what it requires. Or of the right side: they must,
// whenever it is executed. The left side comes first. The scalars of the result go to `results`.
// *path: when control goes on behind the step. False: vc->status and vc->message say why.
bool vc_sequence_left(VcSequence *s, const VcStep *step, VcOperand *results, Expr *path);
bool vc_sequence_right(VcSequence *s, const VcStep *step, VcOperand *results, Expr *path);
// A step of the right side that only chooses a successor: *first: when it is the first one.
bool vc_sequence_branch(VcSequence *s, const VcStep *step, Expr *first);
// The accesses of the right side's last step: how many effects it has, UINT32_MAX if they are no
// accesses or more than two. And takes them away: what is read is for the caller to say then.
uint32_t vc_sequence_accesses(const VcSequence *s, VcAccess out[2]);
void vc_sequence_take_accesses(VcSequence *s);
// On the right side, under `path`: bits that are read from memory, whose value it gives, or
// written. What is written where the last access has read is one instruction with that.
Expr vc_sequence_load(VcSequence *s, Expr path, Expr address, uint32_t width, uint8_t code);
void vc_sequence_store(VcSequence *s, Expr path, Expr address, Expr value, uint8_t code);
// On the right side, under `path`: a trap with a code if `cond` holds; the end, at successor
// `number`, of 32 bits.
void vc_sequence_trap(VcSequence *s, Expr path, Expr cond, uint8_t code);
void vc_sequence_goto(VcSequence *s, Expr path, Expr number);
// Whether a value of the left side is one that nothing is known of: any will do.
bool vc_sequence_is_open(const VcSequence *s, Expr value);
// The operand of the only effect of this kind on the left side, which is taken away from it;
// EXPR_NONE: there is none.
Expr vc_sequence_take_effect(VcSequence *s, IsleSpecOp op);
// Adds the goals that both sides have the same effects. The value: when neither has trapped.
Expr vc_sequence_end(VcSequence *s);

#endif
