// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// islec: the compiler of ISLE, the language of rewrite and lowering rules.
//
//   text -> AST -> types, terms, typed rules -> rule sets -> decision trees -> C
//
// In go .isle texts (isle_add_text); out come located errors, or the checked program in the tables
// of Isle: for the C writer, for the interpreters of rules, and for the verifier, which also reads
// the specification forms (IsleSpecExpr and its neighbours) kept beside the definitions.
//
// Everything lives in the arena handed to isle_new and is never moved once it is there, but for the
// arrays of tables that still grow; ids index those tables. A context has no global state behind
// it. Same texts, same order: same ids, same output, byte for byte.
#ifndef ISLEC_H
#define ISLEC_H

#include "base/base.h"

typedef uint32_t IsleSym;       // an interned name, see isle_str
typedef uint32_t IsleTypeId;    // index in Isle.types
typedef uint32_t IsleTermId;    // index in Isle.terms
typedef uint32_t IsleRuleId;    // index in Isle.rules: the identity shared by all outputs
typedef uint32_t IsleBindingId; // index in IsleRuleSet.bindings

#define ISLE_NONE UINT32_MAX

// ---- AST ----

typedef struct IslePos {
    uint32_t file;   // index in Isle.sources
    uint32_t offset; // byte in its text
} IslePos;

typedef struct IsleIdent {
    IsleSym sym;
    IslePos pos;
} IsleIdent;

// An integer as written; `value` is its low 128 bits.
typedef struct IsleInt {
    uint128 magnitude;
    bool negative;
} IsleInt;

// Patterns and expressions share a node; each kind says where it may stand.
typedef enum IsleAstKind {
    ISLE_AST_WILDCARD, // pattern
    ISLE_AST_INT,      // both
    ISLE_AST_BOOL,     // both; value.magnitude
    ISLE_AST_CONST,    // both; name without its `$`
    ISLE_AST_VAR,      // both
    ISLE_AST_BIND,     // pattern: name @ args[0]
    ISLE_AST_AND,      // pattern
    ISLE_AST_TERM,     // both: (name args...)
    ISLE_AST_LET       // expression: args[i] initialises lets[i], the last of args is the body
} IsleAstKind;

typedef struct IsleLetVar {
    IsleIdent var, type;
} IsleLetVar;

typedef struct IsleAst IsleAst;
struct IsleAst {
    IsleAstKind kind;
    IslePos pos;
    IsleSym name;
    IsleInt value;
    uint32_t num_args;
    const IsleAst **args;
    const IsleLetVar *lets;
};

typedef struct IsleFieldAst {
    IsleIdent name; // sym ISLE_NONE: a tuple's field
    IsleIdent type;
} IsleFieldAst;

typedef struct IsleVariantAst {
    IsleIdent name;
    IsleFieldAst *fields;
    uint32_t num_fields;
} IsleVariantAst;

typedef enum IsleTypeKind {
    ISLE_TYPE_BUILTIN,
    ISLE_TYPE_PRIMITIVE,
    ISLE_TYPE_ENUM,
    ISLE_TYPE_STRUCT
} IsleTypeKind;

// (if-let pattern expr); an `if` has a wildcard for its pattern.
typedef struct IsleIfLetAst {
    const IsleAst *pattern, *expr;
} IsleIfLetAst;

typedef enum IsleDefKind {
    ISLE_DEF_TYPE,
    ISLE_DEF_DECL,
    ISLE_DEF_RULE,
    ISLE_DEF_EXTRACTOR,
    ISLE_DEF_EXTERN_CONSTRUCTOR,
    ISLE_DEF_EXTERN_EXTRACTOR,
    ISLE_DEF_EXTERN_CONST,
    ISLE_DEF_CONVERT,
    ISLE_DEF_SPEC,
    ISLE_DEF_MODEL,
    ISLE_DEF_STATE,
    ISLE_DEF_MACRO,
    ISLE_DEF_FORM,
    ISLE_DEF_INSTANTIATE,
    ISLE_DEF_ATTR
} IsleDefKind;

// Flags of `decl`.
enum { ISLE_PURE = 1, ISLE_MULTI = 2, ISLE_PARTIAL = 4, ISLE_REC = 8 };

// ---- AST of the specification language ----

typedef enum IsleSpecOp {
#define SPEC_OP(NAME, text, min, max, shape) ISLE_SPEC_OP_##NAME,
#include "isle-rules/compiler/spec_ops.def"
    ISLE_SPEC_OP_COUNT
} IsleSpecOp;

typedef enum IsleModelKind {
    ISLE_MODEL_BOOL,
    ISLE_MODEL_INT,
    ISLE_MODEL_UNIT,
    ISLE_MODEL_OPAQUE, // !
    ISLE_MODEL_INFER,  // _
    ISLE_MODEL_BV,     // (bv), (bv N): width 0 when it is left open
    ISLE_MODEL_STRUCT, // (struct (field type)...)
    ISLE_MODEL_NAMED,  // (named T)
    ISLE_MODEL_CONST   // (const C): what constant C is
} IsleModelKind;

typedef struct IsleModelType IsleModelType;
struct IsleModelType {
    IsleModelKind kind;
    IslePos pos;
    uint32_t width;
    IsleIdent name;    // NAMED, CONST
    IsleIdent *fields; // STRUCT
    IsleModelType **types;
    uint32_t num_fields;
};

typedef enum IsleSpecKind {
    ISLE_SPEC_INT,
    ISLE_SPEC_BITS, // #b..., #x...: value and width
    ISLE_SPEC_BOOL,
    ISLE_SPEC_VAR,
    ISLE_SPEC_OP,            // (op args...)
    ISLE_SPEC_LET,           // names[i] = args[i], body last in args
    ISLE_SPEC_WITH,          // fresh names, body args[0]
    ISLE_SPEC_SWITCH,        // args[0] compared with args[1], args[3].. gives args[2], args[4]..
    ISLE_SPEC_MATCH,         // args[0] by arms[i] gives args[i + 1]
    ISLE_SPEC_IF,            // args: condition, then, else
    ISLE_SPEC_AS,            // args[0] as type
    ISLE_SPEC_FIELD,         // (:name args[0])
    ISLE_SPEC_DISCRIMINATOR, // (Name? args[0])
    ISLE_SPEC_VARIANT,       // (Enum.Variant args...)
    ISLE_SPEC_STRUCT,        // names[i] = args[i]
    ISLE_SPEC_MACRO_CALL,    // (name! args...)
    ISLE_SPEC_MACRO          // anonymous macro: parameters names, body args[0]
} IsleSpecKind;

typedef struct IsleSpecArm {
    IsleIdent variant;
    IsleIdent *vars;
    uint32_t num_vars;
} IsleSpecArm;

typedef struct IsleSpecExpr IsleSpecExpr;
struct IsleSpecExpr {
    IsleSpecKind kind;
    IslePos pos;
    IsleSym name;
    IsleSpecOp op;
    IsleInt value;
    uint32_t width;
    uint32_t num_args, num_names, num_arms;
    IsleSpecExpr **args;
    IsleIdent *names;
    IsleSpecArm *arms;
    IsleModelType *type;
};

typedef enum IsleClauseKind {
    ISLE_CLAUSE_PROVIDE,
    ISLE_CLAUSE_REQUIRE,
    ISLE_CLAUSE_MATCH,
    ISLE_CLAUSE_MODIFIES
} IsleClauseKind;

typedef struct IsleClause {
    IsleClauseKind kind;
    IslePos pos;
    IsleIdent state, condition; // MODIFIES; condition.sym may be ISLE_NONE
    IsleSpecExpr **exprs;       // the others
    uint32_t num_exprs;
} IsleClause;

typedef struct IsleSignature {
    IslePos pos;
    IsleModelType **args;
    uint32_t num_args;
    IsleModelType *ret;
} IsleSignature;

typedef enum IsleAttrKind { ISLE_ATTR_CHAIN, ISLE_ATTR_PRIORITY, ISLE_ATTR_TAG } IsleAttrKind;

typedef struct IsleAttr {
    IsleAttrKind kind;
    IsleIdent tag;
} IsleAttr;

// One top-level form. `name` is the name it defines or speaks of, and `pos` its parenthesis.
typedef struct IsleDef {
    IsleDefKind kind;
    IslePos pos;
    uint32_t end; // offset behind its closing parenthesis
    IsleIdent name;
    union {
        struct {
            IsleTypeKind kind;
            bool is_extern, nodebug;
            IsleIdent primitive;
            IsleVariantAst *variants; // of a struct: one
            uint32_t num_variants;
        } type;
        struct {
            uint32_t flags;
            IsleIdent *args;
            uint32_t num_args;
            IsleIdent ret;
        } decl;
        struct {
            int64_t priority;
            bool has_priority;
            const IsleAst *pattern;
            IsleIfLetAst *iflets;
            uint32_t num_iflets;
            const IsleAst *expr;
        } rule; // name.sym may be ISLE_NONE
        struct {
            IsleIdent *params;
            uint32_t num_params;
            const IsleAst *pattern;
        } extractor;
        struct {
            IsleIdent function; // extern const: its type
            bool infallible;
        } external;
        struct {
            IsleIdent inner, outer; // name: the term
        } convert;
        struct {
            IsleIdent *params;
            uint32_t num_params;
            IsleClause *clauses;
            uint32_t num_clauses;
        } spec;
        struct {
            IsleModelType *type;    // NULL: a constant's value
            IsleSpecExpr *constant; // or NULL
        } model;
        struct {
            IsleModelType *type;
            IsleSpecExpr *initial;
        } state;
        struct {
            IsleIdent *params;
            uint32_t num_params;
            IsleSpecExpr *body;
        } macro;
        struct {
            IsleIdent form; // instantiate; sym ISLE_NONE: the signatures are here
            IsleSignature *signatures;
            uint32_t num_signatures;
            IsleIdent *tags;
            uint32_t num_tags;
        } form; // also instantiate
        struct {
            bool of_rule;
            IsleAttr *attrs;
            uint32_t num_attrs;
        } attr;
    } u;
} IsleDef;

// ---- The checked program ----

typedef struct IsleField {
    IsleSym name; // of a tuple: f0, f1, ...
    IsleTypeId type;
} IsleField;

typedef struct IsleVariant {
    IsleSym name;
    IslePos pos;
    const IsleField *fields;
    uint32_t num_fields;
} IsleVariant;

typedef struct IsleType {
    IsleTypeKind kind;
    IsleSym name;
    IslePos pos; // of a builtin: nothing
    bool is_extern, nodebug;
    bool is_unit_enum; // no variant has a field
    uint8_t bits;      // of a builtin integer; 1: bool
    bool is_signed;
    IsleSym primitive;
    const IsleVariant *variants; // of a struct: one
    uint32_t num_variants;
} IsleType;

// Where a term's constructor or extractor comes from.
typedef enum IsleHow {
    ISLE_HOW_NONE,
    ISLE_HOW_BUILTIN,  // of an enum variant or a struct
    ISLE_HOW_INTERNAL, // rules; for an extractor, its pattern
    ISLE_HOW_EXTERNAL  // a function of the host
} IsleHow;

typedef struct IsleTerm {
    IsleSym name;
    IslePos pos;
    uint32_t flags;
    const IsleTypeId *args;
    uint32_t num_args;
    IsleTypeId ret;
    IsleHow constructor, extractor;
    bool infallible; // the external extractor
    IsleSym constructor_fn, extractor_fn;
    const IsleDef *macro;  // the internal extractor
    uint32_t variant;      // BUILTIN: index in the variants of `ret`
    VEC(IsleRuleId) rules; // in order of the source
    const IsleDef *spec;   // or NULL
} IsleTerm;

typedef enum IsleNodeKind {
    ISLE_NODE_ANY,   // pattern
    ISLE_NODE_INT,   // both; value in the range of the type
    ISLE_NODE_BOOL,  // both
    ISLE_NODE_CONST, // both
    ISLE_NODE_BIND,  // pattern: matches args[0], then binds var
    ISLE_NODE_SAME,  // pattern: equals var
    ISLE_NODE_AND,   // pattern
    ISLE_NODE_VAR,   // expression
    ISLE_NODE_LET,   // expression: args[i] initialises vars[i], the last of args is the body
    ISLE_NODE_TERM   // both
} IsleNodeKind;

// A typed pattern or expression, extractor macros expanded and converters made explicit.
typedef struct IsleNode IsleNode;
struct IsleNode {
    IsleNodeKind kind;
    IsleTypeId type;
    IslePos pos;
    uint32_t var; // index in IsleRule.vars
    IsleTermId term;
    IsleSym name; // CONST
    int128 value;
    uint32_t num_args;
    IsleNode **args;
    uint32_t *vars;
};

typedef struct IsleVar {
    IsleSym name;
    IsleTypeId type;
} IsleVar;

typedef struct IsleIfLet {
    IsleNode *pattern, *expr;
} IsleIfLet;

// The typed body of a rule.
typedef struct IsleRuleBody {
    IsleNode **args; // patterns of the root's parameters
    uint32_t num_args;
    IsleIfLet *iflets;
    uint32_t num_iflets;
    IsleNode *expr;
    VEC(IsleVar) vars;
} IsleRuleBody;

typedef struct IsleRule {
    IsleSym name; // as written; ISLE_NONE: none
    Str label;    // the name, or ROOT#N for the Nth rule of the root
    IslePos pos;
    IsleTermId root;
    int64_t priority;
    bool has_priority;
    const IsleDef *def;
    IsleRuleBody body;
    const IsleDef *attr; // or NULL
} IsleRule;

typedef struct IsleConst {
    IsleSym name;
    IslePos pos;
    IsleTypeId type;
} IsleConst;

// ---- Rule sets ----

typedef enum IsleBindingKind {
    ISLE_BIND_CONST_BOOL,
    ISLE_BIND_CONST_INT,
    ISLE_BIND_CONST_PRIM,
    ISLE_BIND_ARGUMENT,       // index
    ISLE_BIND_EXTRACTOR,      // term on args[0]
    ISLE_BIND_CONSTRUCTOR,    // term on args
    ISLE_BIND_ITERATOR,       // one result of the multi call args[0]
    ISLE_BIND_MAKE_VARIANT,   // type, index: variant, args: fields
    ISLE_BIND_MATCH_VARIANT,  // field `field` of variant `index` of args[0]
    ISLE_BIND_MAKE_STRUCT,    // type, args: fields
    ISLE_BIND_EXTRACT_STRUCT, // field `field` of args[0]
    ISLE_BIND_MAKE_SOME,      // the result args[0] of a partial term
    ISLE_BIND_MATCH_SOME,     // what the fallible call args[0] gave
    ISLE_BIND_MATCH_TUPLE     // result `field` of the extractor behind args[0]
} IsleBindingKind;

// A value that rules compute, hash-consed in its rule set: args have lower ids.
typedef struct IsleBinding {
    IsleBindingKind kind;
    IsleTypeId type; // ISLE_NONE: an option, a tuple, a stream
    uint32_t term;   // IsleTermId; CONST_PRIM: IsleSym
    uint32_t index, field;
    uint32_t instance; // tells calls apart that must not be shared
    int128 value;
    const IsleBindingId *args;
    uint32_t num_args;
    uint32_t num_users; // bindings, tests and results that use it
} IsleBinding;

typedef enum IsleConstraintKind {
    ISLE_CONSTRAINT_VARIANT,
    ISLE_CONSTRAINT_BOOL,
    ISLE_CONSTRAINT_INT,
    ISLE_CONSTRAINT_PRIM,
    ISLE_CONSTRAINT_SOME
} IsleConstraintKind;

typedef struct IsleConstraint {
    IsleConstraintKind kind;
    uint32_t index; // VARIANT: variant; PRIM: IsleSym
    int128 value;   // BOOL, INT
} IsleConstraint;

typedef enum IsleTestKind {
    ISLE_TEST_MATCH, // a satisfies a constraint
    ISLE_TEST_EQUAL, // a equals b
    ISLE_TEST_LOOP   // for each result of the multi call a
} IsleTestKind;

typedef struct IsleTest {
    IsleTestKind kind;
    IsleBindingId a, b;
} IsleTest;

// One condition of a rule.
typedef struct IsleCheck {
    uint32_t test;       // index in IsleRuleSet.tests
    uint32_t constraint; // index in IsleRuleSet.constraints; ISLE_NONE but for MATCH
} IsleCheck;

// A rule as conditions, calls and a result.
typedef struct IsleRuleForm {
    IsleRuleId rule;
    int64_t priority;
    const IsleCheck *checks; // by test
    uint32_t num_checks;
    const IsleBindingId *calls; // of the right side, in order: impure, partial or multi
    uint32_t num_calls;
    IsleBindingId result;
} IsleRuleForm;

// All rules of one term.
typedef struct IsleRuleSet {
    IsleTermId term;
    VEC(IsleBinding) bindings;
    VEC(IsleTest) tests;
    VEC(IsleConstraint) constraints;
    VEC(IsleRuleForm) rules; // in order of the source
} IsleRuleSet;

// ---- Decision trees ----

typedef enum IsleLetKind {
    ISLE_LET_VALUE, // compute
    ISLE_LET_TRY,   // a partial call of the right side: the term fails when it does
    ISLE_LET_LOOP   // a multi call of the right side: the rest of the return, for each result
} IsleLetKind;

typedef struct IsleLet {
    IsleLetKind kind;
    IsleBindingId binding;
} IsleLet;

typedef struct IsleStep IsleStep;

// Steps tried in order; the next is reached when the one before falls through.
typedef struct IsleBlock {
    IsleStep *steps;
    uint32_t num_steps;
} IsleBlock;

typedef struct IsleArm {
    uint32_t constraint; // of MATCH; else ISLE_NONE
    IsleBlock block;
    bool apart; // large enough to become a function of its own
} IsleArm;

struct IsleStep {
    const IsleLet *lets; // computed before the test, and valid to the end of the block
    uint32_t num_lets;
    bool is_return;
    uint32_t test; // index in IsleRuleSet.tests
    uint32_t form; // is_return: index in IsleRuleSet.rules
    IsleArm *arms; // exclusive; EQUAL and LOOP have one
    uint32_t num_arms;
};

typedef struct IsleTree {
    IsleRuleSet *set;
    IsleBlock root;
} IsleTree;

// ---- The context ----

typedef struct Isle {
    Arena *arena;
    Diag *diag;
    StrTable symbols;
    VEC(Source *) sources;
    VEC(IsleDef *) defs; // in order of the texts
    VEC(IsleType) types;
    VEC(IsleTerm) terms;
    VEC(IsleConst) consts;
    VEC(IsleRule) rules;
    Map type_of_name, term_of_name, const_of_name, rule_of_name;
    Map converters;                    // inner << 32 | outer -> term
    Map states, macros, forms, models; // of specifications: name -> index in defs
    VEC(IsleRuleSet *) rule_sets;      // by term; NULL: no rules
    VEC(IsleTree) trees;               // one a term with rules, by term
    VEC(uint32_t) tree_of_term;
    bool may_overlap; // set before isle_check: rules are compared, and may hide each other
} Isle;

// An empty context. Errors go to `diag`; both it and the arena must outlive the context.
Isle *isle_new(Arena *arena, Diag *diag);

// Parses one text and adds its definitions. The text is not copied. STATUS_SYNTAX when it has
// errors; the definitions that could be read are kept, so that more files may follow.
Status isle_add_text(Isle *isle, Str path, Str text);

// Checks everything added so far: names, types, purity, rules, overlaps, recursion, specifications.
// To be called once, after the last text. Reports up to a limit of errors.
Status isle_check(Isle *isle);

// Builds the decision trees of a program that isle_check accepted.
void isle_build_trees(Isle *isle);

// The rule set of a term with rules, for the verifier. With `expand_macros` false internal
// extractors stay calls. The program must have been accepted by isle_check.
IsleRuleSet *isle_rule_set(Isle *isle, IsleTermId term, bool expand_macros);

// The text of a symbol.
Str isle_str(const Isle *isle, IsleSym sym);
// The term, type of this name, or ISLE_NONE.
IsleTermId isle_find_term(const Isle *isle, Str name);
IsleTypeId isle_find_type(const Isle *isle, Str name);
// "path:line:col" of a position.
Str isle_where(Isle *isle, IslePos pos);
// Line and column of a position.
LineCol isle_line_col(Isle *isle, IslePos pos);

// ---- Output ----

// The C that comes out, and what its host must bring:
//
//   builtin types       uint8_t ... uint128, size_t for usize, bool
//   primitive types     what (primitive NAME) says, passed by value. T_EQ(a, b) and T_INT(n), if
//                       `==` and a cast won't do
//   enum without fields enum T { T_V, ... }
//   other enums         const T *, where struct T { T_Tag tag; union { struct { ... } V; } u; }
//   structs             const T *
//   extern types        T, passed by value; of an enum with T_V for each variant, T_TAG(x) unless
//                       no variant has fields, T_GET_V_field(x), T_MAKE_V(ctx, fields...), and
//                       T_EQ(a, b); of a struct with T_GET_field(x), T_MAKE(ctx, fields...), T_EQ
//   constants           $NAME is NAME
//   total constructor   T f(ctx, args...)
//   partial constructor bool f(ctx, args..., T *out)
//   multi constructor   void f(ctx, args..., UNIT_list_T *out), which appends up to ISLE_MULTI_MAX
//   extractor           infallible with one result: T f(ctx, x); with more: void f(ctx, x, T *...);
//                       else bool f(ctx, x, T *...)
//   multi extractor     void f_init(ctx, x, f_iter *), bool f_next(ctx, f_iter *, T *...)
//   ISLE_ALLOC(ctx, T)  a T * that lives as long as results are used
//   isle_nomatch(ctx, "term", "place")  when a total term has no rule; must not return
//
// Constructors with rules become functions UNIT_TERM of the same signatures. `.` and `$` in names
// become `_`. UNIT_TAGGED_tag(F) is F(term) for each term with the tag (`attr`).
typedef struct IsleCOptions {
    Str unit;            // prefix of functions; "isle" when empty
    Str context_type;    // type behind the `ctx` pointer; "IsleContext" when empty
    Str header;          // name by which the C text includes the header; empty: it is put in place
    const Str *includes; // headers of the host, included before the functions
    uint32_t num_includes;
    const Str *type_includes; // headers that declare the primitive types
    uint32_t num_type_includes;
    const Str *exports; // terms with external linkage; none given: all
    uint32_t num_exports;
    bool counters; // report each rule that fires: ISLE_RULE_FIRED(ctx, rule id)
} IsleCOptions;

// Writes the types of the program and the prototypes of its constructors. Fails when two names
// of the program give one C name, or an export has no rules.
Status isle_write_header(Isle *isle, const IsleCOptions *options, StrBuf *out);
// Writes the functions; needs the trees. The same failures.
Status isle_write_c(Isle *isle, const IsleCOptions *options, StrBuf *out);
// Writes one line ISLE_RULE(id, "label", "root", priority, "path", line, col) a rule.
void isle_write_rules_table(Isle *isle, StrBuf *out);
// Writes the definitions as canonical text: isle_add_text of it gives the same definitions.
void isle_dump_ast(const Isle *isle, StrBuf *out);
// Writes one definition as canonical text, on a line.
void isle_dump_def(const Isle *isle, const IsleDef *def, StrBuf *out);
// Writes the decision trees as text, for people and tests.
void isle_dump_trees(Isle *isle, StrBuf *out);

// ---- Interpreters ----

// A value of any type of the program.
typedef struct IsleValue IsleValue;
struct IsleValue {
    IsleTypeId type;
    uint32_t variant;        // of an enum
    uint128 bits;            // of builtin (zero above their width) and primitive types
    const IsleValue *fields; // of enums and structs
    uint32_t num_fields;
};

// The functions of the host. Calls append at most `max` results to `out`, each result of an
// extractor being as many values as the term has parameters, and return how many; a function that
// is not multi returns 0 (failed) or 1.
typedef struct IsleHost {
    void *context;
    uint32_t (*construct)(void *context, IsleTermId term, const IsleValue *args, IsleValue *out,
                          uint32_t max);
    uint32_t (*extract)(void *context, IsleTermId term, const IsleValue *value, IsleValue *out,
                        uint32_t max);
    IsleValue (*constant)(void *context, IsleSym name, IsleTypeId type);
} IsleHost;

typedef enum IsleOutcome {
    ISLE_VALUES,   // results: one, none of a partial term, any number of a multi term
    ISLE_NO_MATCH, // a total term had no rule: the program's fault
    ISLE_NO_FUEL   // the budget of calls and rules tried is used up, or the nesting too deep
} IsleOutcome;

enum { ISLE_MAX_RESULTS = 64 }; // of one call, here; generated C has a limit of its own

typedef struct IsleResults {
    IsleOutcome outcome;
    uint32_t count;
    bool truncated; // a multi term had more results than ISLE_MAX_RESULTS
    IsleValue values[ISLE_MAX_RESULTS];
    IsleRuleId rules[ISLE_MAX_RESULTS]; // that gave them
} IsleResults;

// One evaluation. Values that it makes live in the arena.
typedef struct IsleEval {
    Isle *isle;
    const IsleHost *host;
    Arena *arena;
    uint64_t fuel;
    uint32_t depth; // 0 at first
    bool truncated; // some multi call had more than ISLE_MAX_RESULTS results
} IsleEval;

// Evaluates a term with rules by their definition: tries every rule, highest priority first, on the
// typed patterns. Shares nothing with rule sets and trees; it is what they are tested against.
void isle_eval_naive(IsleEval *eval, IsleTermId term, const IsleValue *args, IsleResults *out);
// Evaluates a term by its decision tree.
void isle_eval_tree(IsleEval *eval, IsleTermId term, const IsleValue *args, IsleResults *out);
// Structural equality.
bool isle_value_equal(const IsleValue *a, const IsleValue *b);

#endif
