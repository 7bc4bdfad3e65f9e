// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// islec, private: what its files share. Lexer and parser, the errors, the phases of the check, and
// the limits that keep every recursion and every generated function within bounds.
#ifndef ISLEC_INTERNAL_H
#define ISLEC_INTERNAL_H

#include "isle-rules/compiler/islec.h"

// Nesting of parentheses in a text; also of one pattern or expression with its macros expanded.
#define ISLE_MAX_DEPTH  200u
// Nodes of one rule after macros are expanded.
#define ISLE_MAX_NODES  8192u
// Conditions of one rule: the nesting of the C that it becomes (compilers give up at 256).
#define ISLE_MAX_CHECKS 200u
// Fields of a variant, parameters of a term.
#define ISLE_MAX_FIELDS 255u
// Errors reported in one run.
#define ISLE_MAX_ERRORS 100u

// ---- Lexer ----

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_AT,
    TOKEN_INT,
    TOKEN_SYMBOL,
    TOKEN_BAD // reported already
} TokenKind;

typedef struct Token {
    TokenKind kind;
    uint32_t offset;
    Str text;
    IsleInt value;
} Token;

typedef struct Lexer {
    Diag *diag;
    Source *source;
    uint32_t next; // offset of the first byte not read yet
} Lexer;

// The next token; errors are reported.
Token isle_lex(Lexer *lexer);

// ---- Parser ----

typedef struct Parser {
    Isle *isle;
    Arena *arena;
    Lexer lexer;
    uint32_t file;
    uint32_t depth;
    Token token;     // the one to be read next
    uint32_t closed; // offset behind the last `)` stepped over
} Parser;

// Reports at the parser's token what was expected there. Returns STATUS_SYNTAX.
Status isle_parse_expected(Parser *p, const char *what);
// Steps over the current token.
void isle_parse_next(Parser *p);
IslePos isle_parse_pos(const Parser *p);
bool isle_parse_at_word(const Parser *p, const char *word);
Status isle_parse_open(Parser *p);  // steps over `(`
Status isle_parse_close(Parser *p); // steps over `)`
Status isle_parse_ident(Parser *p, const char *what, IsleIdent *out);
// Enters one more level of nesting, which p->depth-- leaves.
Status isle_parse_nest(Parser *p);
// A symbol that follows the rules of identifiers.
bool isle_is_ident(Str text);
// The specification forms: the keyword has been read, the closing parenthesis has not.
Status isle_parse_spec_def(Parser *p, IsleDef *def);

// What these are made of: isle_parse_spec_expr.c.
typedef VEC(IsleSpecExpr *) IsleSpecExprs;
// Steps over a word; `what` is said to be expected where it is not there.
Status isle_parse_word(Parser *p, const char *word, const char *what);
Status isle_parse_model_type(Parser *p, IsleModelType **out);
Status isle_parse_spec_expr(Parser *p, IsleSpecExpr **out);
// Expressions up to the closing parenthesis, which stays.
Status isle_parse_spec_exprs(Parser *p, IsleSpecExprs *out);

// ---- Errors ----

// Reports an error at `pos`; silent once ISLE_MAX_ERRORS are out.
Status isle_error(Isle *isle, IslePos pos, const char *format, ...) PRINTF_LIKE(3, 4);
// Adds a note to the error just reported.
void isle_note(Isle *isle, IslePos pos, const char *format, ...) PRINTF_LIKE(3, 4);
// As isle_error, with STATUS_LIMIT.
Status isle_error_limit(Isle *isle, IslePos pos, const char *format, ...) PRINTF_LIKE(3, 4);
// Reports "unknown WHAT `name`", with the nearest of the candidates.
Status isle_error_unknown(Isle *isle, const IsleIdent *ident, const char *what,
                          const Str *candidates, size_t count);
// The same with all terms or types as candidates.
Status isle_error_unknown_term(Isle *isle, const IsleIdent *ident);
Status isle_error_unknown_type(Isle *isle, const IsleIdent *ident);

// The ending of a noun after a number.
#define PLURAL(n)          ((n) == 1 ? "" : "s")
#define SYM_ARG(isle, sym) STR_ARG(isle_str((isle), (sym)))

// The type that `ident` names; reports and returns ISLE_NONE when there is none.
IsleTypeId isle_resolve_type(Isle *isle, const IsleIdent *ident);
// The term that `ident` names; reports and returns ISLE_NONE when there is none.
IsleTermId isle_resolve_term(Isle *isle, const IsleIdent *ident);
// The key of a converter.
static inline uint64_t isle_converter_key(IsleTypeId inner, IsleTypeId outer)
{
    return (uint64_t)inner << 32 | outer;
}
// The C names and the widths of builtin types: bits 8..128, 1 for bool.
void isle_add_builtins(Isle *isle);

// ---- Phases of isle_check, in order ----

void isle_check_types(Isle *isle);
void isle_check_decls(Isle *isle);
void isle_check_constructors(Isle *isle); // which terms have rules, and extractor macros
void isle_check_externs(Isle *isle);
void isle_check_rules(Isle *isle);
void isle_check_overlaps(Isle *isle); // builds the rule sets
void isle_check_recursion(Isle *isle);
void isle_check_specs(Isle *isle);

// Types the rule's body anew. False after errors, which are reported.
bool isle_type_rule(Isle *isle, const IsleRule *rule, bool expand_macros, IsleRuleBody *out);
// Lowers a typed rule into its rule set. False when it can never match or is too large, which is
// reported.
bool isle_form_rule(Isle *isle, IsleRuleSet *set, const IsleRule *rule, const IsleRuleBody *body);
// Builds one decision tree.
IsleTree isle_build_tree(Isle *isle, IsleRuleSet *set);

// True when the extractor of the term can fail (multi: give no result).
bool isle_extractor_fails(const IsleTerm *term);

// ---- Bindings ----

// What the extractor or constructor call behind MATCH_SOME, MATCH_TUPLE and ITERATOR is.
IsleBindingId isle_call_behind(const IsleRuleSet *set, IsleBindingId id);
// True when it costs nothing to name the value again: constants, arguments, results of calls.
bool isle_binding_is_free(const Isle *isle, const IsleBinding *binding);

// ---- Evaluation: what both interpreters agree on ----

typedef void (*IsleEvalTerm)(IsleEval *eval, IsleTermId term, const IsleValue *args,
                             IsleResults *out);

// Results of a call: `count` rows of `width` values.
typedef struct IsleRows {
    const IsleValue *values;
    uint32_t count, width;
    IsleOutcome outcome;
} IsleRows;

// Calls a constructor that is not builtin; `evaluate` runs those with rules.
IsleRows isle_eval_construct(IsleEval *eval, IsleTermId term, const IsleValue *args,
                             IsleEvalTerm evaluate);
// Calls an external extractor.
IsleRows isle_eval_extract(IsleEval *eval, IsleTermId term, const IsleValue *value);
// The value of an integer of a builtin or primitive type.
IsleValue isle_value_of_int(const Isle *isle, IsleTypeId type, int128 value);
// A variant or struct, with a copy of its fields.
IsleValue isle_value_make(Arena *arena, IsleTypeId type, uint32_t variant, const IsleValue *fields,
                          uint32_t num_fields);
// Takes one unit of fuel; false when there is none.
bool isle_eval_burn(IsleEval *eval);

// ---- The C writer ----

typedef struct Writer {
    Isle *isle;
    const IsleCOptions *options;
    StrBuf *out;
    Arena *arena; // scratch
    Str unit, context;
    Bitset exported, reached; // terms: with external linkage; with a function at all
    Bitset compared;          // types of which an equality function is needed
    Map unit_values;          // type << 32 | variant -> 1: the constants of payload enums in use
    VEC(uint64_t) unit_order;
    uint32_t depth; // of indentation
} Writer;

// Prepares a writer and checks the names. The scratch arena is freed by isle_writer_end.
Status isle_writer_begin(Writer *w, Isle *isle, const IsleCOptions *options, StrBuf *out);
void isle_writer_end(Writer *w);
void isle_put(Writer *w, const char *text);
void isle_put_sym(Writer *w, IsleSym sym);           // as a C name
void isle_put_type(Writer *w, IsleTypeId type);      // "uint32_t ", "const T *"
void isle_put_signature(Writer *w, IsleTermId term); // without `;`, arguments a0, a1, ...
void isle_put_banner(Writer *w);
void isle_put_header(Writer *w);                         // all but the include guard
bool isle_is_pointer(const Isle *isle, IsleTypeId type); // passed as const T *
void isle_put_list_type(Writer *w, IsleTypeId type);     // "UNIT_list_T"

// The function being written.
typedef struct IsleBody {
    Writer *w;
    const IsleRuleSet *set;
    const IsleTerm *term;
    Bitset used;   // arguments
    StrBuf *parts; // the functions of arms cut off
    uint32_t num_parts;
    bool in_part;
} IsleBody;

// A local of a function that a part of it needs.
typedef enum IsleLocalKind {
    ISLE_LOCAL_ARGUMENT, // aID
    ISLE_LOCAL_VALUE,    // vID
    ISLE_LOCAL_RESULT    // vID_FIELD
} IsleLocalKind;

typedef struct IsleLocal {
    IsleLocalKind kind;
    uint32_t id, field;
} IsleLocal;

typedef VEC(IsleLocal) IsleLocals;

typedef enum IsleEqualPart { EQUAL_OPEN, EQUAL_BETWEEN, EQUAL_CLOSE } IsleEqualPart;

void isle_put_name(StrBuf *out, Str name); // with what C names can't have replaced
void isle_put_indent(Writer *w);
void isle_put_line(Writer *w, const char *text); // indented
void isle_put_open_brace(Writer *w);             // ends the line
void isle_put_close_brace(Writer *w);            // a line of its own
void isle_put_num(Writer *w, const char *prefix, uint32_t n);
void isle_put_int(Writer *w, IsleTypeId type, int128 value);
void isle_put_variant_name(Writer *w, const IsleType *type, uint32_t variant);
void isle_put_value(IsleBody *b, IsleBindingId id);
// The text before, between and after the two operands of a comparison.
void isle_put_equal(Writer *w, IsleTypeId type, IsleEqualPart part);
// Declares vN_0... for the results of a call.
void isle_put_result_locals(Writer *w, const IsleTypeId *types, uint32_t count, IsleBindingId id);
void isle_put_result_addresses(Writer *w, uint32_t count, IsleBindingId id);
void isle_put_let(IsleBody *b, IsleBindingId id);
// The locals that the C of the block needs and does not declare, in order of first use.
void isle_find_locals(const IsleBody *b, const IsleBlock *block, IsleLocals *out);
void isle_put_local(Writer *w, IsleLocal local);              // its name
void isle_put_local_type(const IsleBody *b, IsleLocal local); // "const T "

#endif
