// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the files of text/ share: the lexer, literals, and the state of the parser.
//
// The lexer gives one token at a time (Lexer.tok is the one not consumed yet). Everything that can
// fail returns a Status after having put a located message into the Diag.
//
// The parser builds each function in tables that belong to the scratch arena and are reused from
// function to function; a finished function is copied at exact size into the file's arena. What
// the tables point to (signatures, constants, handlers) is made in the file's arena at once.
#ifndef TEXT_TEXT_INTERNAL_H
#define TEXT_TEXT_INTERNAL_H

#include "text/text.h"

// ---- Tokens ----

// Punctuation is its own character; the kinds below come after all characters.
typedef enum TokenKind {
    TOK_EOF = 128,
    TOK_BAD,    // a character that starts nothing, an unfinished string
    TOK_WORD,   // keyword, opcode, type, flag: told apart by where it stands
    TOK_NAME,   // %name; the text excludes the %
    TOK_STRING, // "text"; the text excludes the quotes
    TOK_INT,
    TOK_FLOAT,
    TOK_SRCLOC, // @hex, its value in `number`
    TOK_HEX,    // #hex, which nothing accepts
    TOK_ARROW,  // ->

    // Entities: a prefix with its decimal number, in `number`.
    TOK_V,
    TOK_BLOCK,
    TOK_SS,
    TOK_DSS,
    TOK_DT,
    TOK_GV,
    TOK_MT,
    TOK_CONST,
    TOK_FN,
    TOK_SIG,
    TOK_U,
    TOK_USEREXTNAME,
    TOK_EXTABLE,
    TOK_TAG,
    TOK_REGION,
    TOK_RET,
    TOK_EXN
} TokenKind;

typedef struct Token {
    uint32_t kind;   // TokenKind or a character
    uint32_t pos;    // byte offset in the source
    uint32_t number; // of entities and source locations; UINT32_MAX stands for all that is larger
    Str text;
} Token;

typedef struct Lexer {
    const char *cur, *end; // what is not read yet
    const char *base;      // the byte at position base_pos
    uint32_t base_pos;
    Token tok;
    Source *source; // NULL: messages have no place
    Diag *diag;
    Arena *arena; // of the comments; NULL: they are skipped
    VEC(Comment) comments;
} Lexer;

// Reads the next token into lx->tok.
void text_lex_next(Lexer *lx);
// Continues behind the end of the line: the token becomes the first one of the next line, and the
// rest of the line, from the end of the present token on, is the result.
Str text_lex_rest_of_line(Lexer *lx);
// Reports that `expected` ("a value") was expected where the present token is.
Status text_unexpected(Lexer *lx, const char *expected);
// The same with a suggestion; an empty slice is none.
Status text_unexpected_hint(Lexer *lx, const char *expected, Str nearest);
// Consumes the punctuation `c`, or reports.
Status text_expect(Lexer *lx, char c);

#define LEX_ERROR(lx, status, pos, ...) \
    diag_error((lx)->diag, (status), (lx)->source, (pos), __VA_ARGS__)

// Conversion for "%.*s" of a token's text, of which messages show the beginning.
#define TOKEN_ARG(s) (int)((s).len > 40 ? 40 : (s).len), (s).data

static inline bool text_at(const Lexer *lx, uint32_t kind)
{
    return lx->tok.kind == kind;
}

// Consumes a token of `kind` if it is the present one.
static inline bool text_accept(Lexer *lx, uint32_t kind)
{
    if (lx->tok.kind != kind)
        return false;
    text_lex_next(lx);
    return true;
}

// Whether the present token is the word `word`.
static inline bool text_at_word(const Lexer *lx, Str word)
{
    return lx->tok.kind == TOK_WORD && str_eq(lx->tok.text, word);
}

static inline bool text_accept_word(Lexer *lx, Str word)
{
    if (!text_at_word(lx, word))
        return false;
    text_lex_next(lx);
    return true;
}

// ---- Numbers and literals ----

// The integer of `bits` bits (at most 128) that `s` writes, in two's complement, the bits above
// clear. `loose`: as for i64, underscores may part decimal digits too. NULL, or what is wrong.
const char *text_num_int(Str s, uint32_t bits, bool loose, uint128 *out);
// The bits of the literal `s` of the scalar float type `type`. NULL, or what is wrong.
const char *text_num_float(Str s, Type type, uint128 *out);
// Below 10000 in decimal, which all negative numbers are; else in hexadecimal groups.
void text_print_imm(int128 x, StrBuf *out);
// "+8", "-8", "+0x0001_0000"; nothing for 0.
void text_print_offset(int64_t offset, StrBuf *out);
// The bytes as one number, the most significant first.
void text_print_bytes(const uint8_t *bytes, uint32_t size, StrBuf *out);

// Consumes an integer token of `bits` bits.
Status text_lit_int(Lexer *lx, uint32_t bits, uint128 *out);
// Consumes an unsigned integer of at most `max`; `what` names it in messages.
Status text_lit_uint(Lexer *lx, uint64_t max, const char *what, uint64_t *out);
// Consumes a literal of the scalar type `type` and writes its type_bytes() in memory order.
Status text_lit_scalar(Lexer *lx, Type type, uint8_t *bytes);

// The largest constant: 256 lanes of 128 bits.
#define LIT_BYTES_MAX 4096u

// Consumes constant bytes, either form, into `bytes` (room for LIT_BYTES_MAX). Of a known `type`
// the size is type_bytes(); of TYPE_INVALID only the hexadecimal form is allowed.
Status text_lit_bytes(Lexer *lx, Type type, uint8_t *bytes, uint32_t *size);

// ---- The parser ----

enum { OP_SLOTS = 1024 };

// Opcodes by name: an open-addressed hash table, made once per file.
typedef struct OpIndex {
    uint8_t slots[OP_SLOTS]; // opcode + 1, 0: free
    uint8_t lengths[OP_COUNT];
} OpIndex;

// The use of a value before its definition.
typedef struct PendingValue {
    uint32_t value, pos;
} PendingValue;

typedef struct UserName {
    uint32_t space, index;
} UserName;

typedef struct Parser {
    Lexer lx;
    Arena *arena;  // of the file
    Arena scratch; // tables of the function in the works
    ClifFile *file;
    Func *f; // the function in the works
    OpIndex ops;
    CallConv default_callconv;
    uint64_t gap_bytes; // how much memory number gaps may still take

    uint32_t claimed; // comments of the function that are attached
    EntityRef last;   // the entity that was read last

    VEC(PendingValue) pending;
    VEC(uint32_t) retype; // instructions whose control operand comes later in the text
    VEC(uint32_t) list;   // values or block arguments being read
    VEC(uint32_t) calls;  // block calls being read
    VEC(uint32_t) results;
    VEC(UserName) user_names; // of gv symbols, in order of first mention
    Map user_numbers;
    Map constant_of; // hash of the bytes -> constant
    uint8_t bytes[LIT_BYTES_MAX];
} Parser;

enum { BLOCK_NUMBERS = 100000 }; // blocks are numbered below this

// ---- parse_decl.c ----

// A type word or, inside a function, dtN.
Status text_parse_type(Parser *p, Type *out);
// "(params) -> returns callconv".
Status text_parse_signature(Parser *p, Signature *out);
// "%name", "u0:1": the name of a function itself.
Status text_parse_func_name(Lexer *lx, ExtName *out);
// All declarations up to the first block or the closing brace, and their references to each other.
Status text_parse_decls(Parser *p);
// The number of the constant with the `size` bytes in p->bytes, a new one unless there is one.
Constant text_intern_constant(Parser *p, uint32_t size);

// ---- parse_inst.c ----

void text_op_index_init(OpIndex *index);
// An instruction from its opcode on, with the results in p->results and the statement's start at
// `pos`, appended to `block`.
Status text_parse_inst(Parser *p, Block block, uint32_t pos, Inst *out);
// Gives instructions whose control operand was unknown when they were read their true type.
Status text_settle_types(Parser *p);

// ---- parse_operands.c ----

// The operands of an instruction with data->op and data->ctrl (the suffix) set.
Status text_parse_operands(Parser *p, InstData *data);
// [, stack_map=[...]] behind the operands of a call.
Status text_parse_stack_map(Parser *p, Opcode op, InstExtra *extra);
// Memory flags up to the first token that is none, starting from MEM_DEFAULT.
Status text_parse_memflags(Parser *p, MemFlags *out);

// ---- parse_func.c ----

// A function from the word `function` on.
Status text_parse_func(Parser *p, FuncText *text);
// Consumes an entity token of `kind` that `what` ("a value") names, with a number of at most
// ENTITY_MAX.
Status text_parse_entity(Parser *p, uint32_t kind, const char *what, uint32_t *out);
// Consumes a value that is used.
Status text_parse_value(Parser *p, uint32_t *out);
// Consumes the name of a block, declared or not.
Status text_parse_block_ref(Parser *p, uint32_t *out);
// Makes `value` (at `pos` in the text) the value that `data` describes.
Status text_define_value(Parser *p, uint32_t value, uint32_t pos, ValueData data);
// Attaches the comments read since the last call.
void text_claim_comments(Parser *p, EntityKind kind, uint32_t index);
// Takes memory for `count` dummies of `size` bytes from the file's budget.
Status text_charge_gap(Parser *p, uint64_t count, size_t size, uint32_t pos);

static inline bool text_value_defined(const Parser *p, uint32_t value)
{
    return value < p->f->values.len && p->f->values.data[value].def >> 30 != VALUE_NONE;
}

// Copies the elements of a list being read, from `first` on, into the pool, and forgets them.
#define TAKE_LIST(p, vec, first) \
    text_take_list((p), (vec)->data ? (vec)->data + (first) : NULL, &(vec)->len, (first))

static inline uint32_t text_take_list(Parser *p, const uint32_t *data, uint32_t *len,
                                      uint32_t first)
{
    const uint32_t list = func_add_list(p->f, data, *len - first);
    *len = first;
    return list;
}

// ---- print_inst.c ----

// The operands behind the opcode, a blank before them.
void text_print_operands(const Func *f, Inst inst, StrBuf *out);
// "  ; v1 = 5, v2 = 0.0" for operands that are constants.
void text_print_constant_comment(const Func *f, Inst inst, StrBuf *out);
// "v1, v2 = opcode.type operands"; the suffix is printed when asked for.
void text_print_inst_suffix(const Func *f, Inst inst, bool suffix, StrBuf *out);
// Whether the type can't be told from the control operand as the text defines it before: it is
// defined in another block, or its type differs.
bool text_needs_suffix(const Func *f, Inst inst);
// " notrap aligned region0".
void text_print_memflags(MemFlags flags, StrBuf *out);
void text_print_entity(const char *prefix, uint32_t number, StrBuf *out);
// The value that gives the controlling type where the opcode's row says OPERAND.
Value text_ctrl_operand(const Func *f, const InstData *data);

#endif
