// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From tokens to CLIF in one go, without a syntax tree: every function of the parser emits what it
// has read, and the builder finds the SSA form.

#include "examples/toy/toy.h"

#define MAX_DEPTH 200 // of nested expressions and statements

typedef struct Name {
    Str text;
    Var var;
} Name;

typedef struct Function {
    Str name;
    uint32_t num_params;
    uint32_t pos;
} Function;

typedef struct Compiler {
    Source *source;
    Module *module;
    Diag *diag;
    Builder *b;
    Arena arena; // of what lives while compiling
    Token token;
    Status status;
    uint32_t depth;
    VEC(Function) functions;
    VEC(FuncRef) imports; // by function, of the function being compiled
    VEC(Name) names;      // the variables in scope, innermost last
} Compiler;

// ---- Tokens ----

static void next(Compiler *c)
{
    c->token = toy_lex(c->source->text, c->token.pos + (uint32_t)c->token.text.len);
    builder_set_pos(c->b, c->token.pos);
}

// Reports at the current token, once; from then on the text seems to be at its end.
static void error(Compiler *c, const char *what, Str name)
{
    if (c->status == STATUS_OK)
        c->status = diag_error(c->diag, STATUS_SYNTAX, c->source, c->token.pos, "%s%.*s", what,
                               STR_ARG(name));
    c->token = (Token){TOKEN_END, (uint32_t)c->source->text.len, {NULL, 0}, 0};
}

static bool at(const Compiler *c, const char *text)
{
    return c->token.kind != TOKEN_BAD && str_eq_c(c->token.text, text);
}

static bool accept(Compiler *c, const char *text)
{
    if (!at(c, text))
        return false;
    next(c);
    return true;
}

static void expect(Compiler *c, const char *text)
{
    if (!accept(c, text))
        error(c, "expected ", str_from(text));
}

static Str expect_name(Compiler *c)
{
    const Str name = c->token.text;
    if (c->token.kind == TOKEN_NAME)
        next(c);
    else
        error(c, "expected a name", (Str){NULL, 0});
    return name;
}

// ---- Names ----

static Var declare(Compiler *c, Str text)
{
    const Name name = {text, builder_var(c->b, TYPE_I64)};
    VEC_PUSH(&c->arena, &c->names, name);
    return name.var;
}

// The innermost variable called `text`; one that is not there is an error.
static Var find_var(Compiler *c, Str text)
{
    for (uint32_t i = c->names.len; i-- > 0;)
        if (str_eq(c->names.data[i].text, text))
            return c->names.data[i].var;
    error(c, "unknown variable ", text);
    return declare(c, text);
}

static uint32_t find_function(const Compiler *c, Str name)
{
    uint32_t i = 0;
    while (i < c->functions.len && !str_eq(c->functions.data[i].name, name))
        i++;
    return i;
}

static Signature signature(Compiler *c, uint32_t num_params)
{
    AbiParam *const params = ARENA_ARRAY(&c->arena, AbiParam, num_params + 1);
    for (uint32_t i = 0; i <= num_params; i++)
        params[i].type = TYPE_I64;
    return (Signature){params, params + num_params, num_params, 1, CC_SYSTEM_V};
}

// ---- Expressions ----

static Value expression(Compiler *c);

static Value call(Compiler *c, Str name)
{
    VEC(Value) args = {0};
    while (!at(c, ")") && c->status == STATUS_OK) {
        VEC_PUSH(&c->arena, &args, expression(c));
        if (!accept(c, ","))
            break;
    }
    const uint32_t callee = find_function(c, name);
    if (callee == c->functions.len)
        error(c, "unknown function ", name);
    else if (args.len != c->functions.data[callee].num_params)
        error(c, "wrong number of arguments for ", name);
    expect(c, ")");
    if (c->status != STATUS_OK)
        return ins_iconst(c->b, TYPE_I64, 0);
    if (c->imports.data[callee].i == NO_INDEX) {
        const SigRef sig = builder_signature(c->b, signature(c, args.len));
        c->imports.data[callee] = builder_import(c->b, builder_name(name), sig, true);
    }
    return ins_call(c->b, c->imports.data[callee], (ValueList){args.data, args.len});
}

static Value operand(Compiler *c)
{
    const Token token = c->token;
    if (token.kind == TOKEN_NUMBER) {
        next(c);
        return ins_iconst(c->b, TYPE_I64, token.number);
    }
    if (accept(c, "(")) {
        const Value inner = expression(c);
        expect(c, ")");
        return inner;
    }
    const Str name = expect_name(c);
    if (accept(c, "("))
        return call(c, name);
    return c->status == STATUS_OK ? builder_use(c->b, find_var(c, name))
                                  : ins_iconst(c->b, TYPE_I64, 0);
}

// 0 or 1, from an i8.
static Value truth(Compiler *c, IntCC cc, Value x, Value y)
{
    return ins_uextend(c->b, TYPE_I64, ins_icmp(c->b, cc, x, y));
}

static Value unary(Compiler *c)
{
    uint32_t negations = 0, nots = 0;
    if (accept(c, "-"))
        negations = 1;
    else if (accept(c, "!"))
        nots = 1;
    else
        return operand(c);
    if (++c->depth > MAX_DEPTH)
        error(c, "nested too deeply", (Str){NULL, 0});
    const Value x = unary(c);
    c->depth--;
    if (negations != 0)
        return ins_ineg(c->b, x);
    ASSERT(nots != 0);
    return truth(c, INTCC_EQ, x, ins_iconst(c->b, TYPE_I64, 0));
}

// The binary operators that evaluate both sides: an arithmetic opcode, or a comparison.
static const struct Operator {
    const char *text;
    int level;
    Opcode op; // OP_ICMP: compare by `cc`
    IntCC cc;
} operators[] = {
    {"==", 1, OP_ICMP, INTCC_EQ},  {"!=", 1, OP_ICMP, INTCC_NE}, {"<=", 1, OP_ICMP, INTCC_SLE},
    {">=", 1, OP_ICMP, INTCC_SGE}, {"<", 1, OP_ICMP, INTCC_SLT}, {">", 1, OP_ICMP, INTCC_SGT},
    {"+", 2, OP_IADD, INTCC_EQ},   {"-", 2, OP_ISUB, INTCC_EQ},  {"*", 3, OP_IMUL, INTCC_EQ},
    {"/", 3, OP_SDIV, INTCC_EQ},   {"%", 3, OP_SREM, INTCC_EQ},
};

static const struct Operator *operator_at(const Compiler *c, int level)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (operators[i].level == level && at(c, operators[i].text))
            return &operators[i];
    return NULL;
}

static Value binary(Compiler *c, int level)
{
    if (level > 3)
        return unary(c);
    Value x = binary(c, level + 1);
    for (const struct Operator *op; (op = operator_at(c, level)) != NULL;) {
        next(c);
        const Value y = binary(c, level + 1);
        x = op->op == OP_ICMP ? truth(c, op->cc, x, y) : builder_binary(c->b, op->op, x, y);
    }
    return x;
}

// `x op right`, where the right side is evaluated only if `x` does not decide. The result is a
// variable of its own that both ways set: the builder makes it a block parameter.
static Value decide(Compiler *c, Value x, bool is_and, Value (*right)(Compiler *c))
{
    const Var result = builder_var(c->b, TYPE_I64);
    const Block more = builder_block(c->b), done = builder_block(c->b);
    const Value zero = ins_iconst(c->b, TYPE_I64, 0);
    builder_def(c->b, result, truth(c, INTCC_NE, x, zero));
    if (is_and)
        ins_brif(c->b, x, GOTO(more), GOTO(done));
    else
        ins_brif(c->b, x, GOTO(done), GOTO(more));
    builder_seal(c->b, more);
    builder_switch(c->b, more);
    const Value y = right(c);
    builder_def(c->b, result, truth(c, INTCC_NE, y, ins_iconst(c->b, TYPE_I64, 0)));
    ins_jump(c->b, GOTO(done));
    builder_seal(c->b, done);
    builder_switch(c->b, done);
    return builder_use(c->b, result);
}

static Value comparison(Compiler *c)
{
    return binary(c, 1);
}

static Value conjunction(Compiler *c)
{
    Value x = comparison(c);
    while (accept(c, "&&"))
        x = decide(c, x, true, comparison);
    return x;
}

static Value expression(Compiler *c)
{
    if (++c->depth > MAX_DEPTH)
        error(c, "nested too deeply", (Str){NULL, 0});
    Value x = conjunction(c);
    while (accept(c, "||"))
        x = decide(c, x, false, conjunction);
    c->depth--;
    return x;
}

// ---- Statements ----

static void block(Compiler *c);

// Goes on in `next_block`, of which all branches are there.
static void continue_in(Compiler *c, Block next_block)
{
    builder_seal(c->b, next_block);
    builder_switch(c->b, next_block);
}

static void if_statement(Compiler *c)
{
    const Value condition = expression(c);
    const Block yes = builder_block(c->b), no = builder_block(c->b), done = builder_block(c->b);
    ins_brif(c->b, condition, GOTO(yes), GOTO(no));
    continue_in(c, yes);
    block(c);
    ins_jump(c->b, GOTO(done));
    continue_in(c, no);
    if (accept(c, "else")) {
        if (++c->depth > MAX_DEPTH)
            error(c, "nested too deeply", (Str){NULL, 0});
        if (accept(c, "if"))
            if_statement(c);
        else
            block(c);
        c->depth--;
    }
    ins_jump(c->b, GOTO(done));
    continue_in(c, done);
}

static void while_statement(Compiler *c)
{
    const Block head = builder_block(c->b), body = builder_block(c->b), done = builder_block(c->b);
    ins_jump(c->b, GOTO(head));
    builder_switch(c->b, head); // sealed when the jump back is there
    const Value condition = expression(c);
    ins_brif(c->b, condition, GOTO(body), GOTO(done));
    continue_in(c, body);
    block(c);
    ins_jump(c->b, GOTO(head));
    builder_seal(c->b, head);
    continue_in(c, done);
}

static void return_statement(Compiler *c)
{
    ins_return(c->b, VALUES(expression(c)));
    expect(c, ";");
    continue_in(c, builder_block(c->b)); // what follows is unreachable, and legal
}

// name = expression, or an expression whose value is not used.
static void plain_statement(Compiler *c)
{
    const Token start = c->token;
    const Token behind = toy_lex(c->source->text, start.pos + (uint32_t)start.text.len);
    if (start.kind == TOKEN_NAME && str_eq_c(behind.text, "=")) {
        const Var var = find_var(c, expect_name(c));
        expect(c, "=");
        const Value value = expression(c);
        builder_def(c->b, var, value);
    } else {
        (void)expression(c);
    }
    expect(c, ";");
}

static void statement(Compiler *c)
{
    if (accept(c, "let")) {
        const Str name = expect_name(c);
        expect(c, "=");
        const Value value = expression(c); // where `name` still means an outer variable
        builder_def(c->b, declare(c, name), value);
        expect(c, ";");
    } else if (accept(c, "if")) {
        if_statement(c);
    } else if (accept(c, "while")) {
        while_statement(c);
    } else if (accept(c, "return")) {
        return_statement(c);
    } else {
        plain_statement(c);
    }
}

static void block(Compiler *c)
{
    const uint32_t scope = c->names.len;
    if (++c->depth > MAX_DEPTH)
        error(c, "nested too deeply", (Str){NULL, 0});
    expect(c, "{");
    while (!at(c, "}") && c->status == STATUS_OK)
        statement(c);
    expect(c, "}");
    c->names.len = scope;
    c->depth--;
}

// ---- Functions ----

// Reads `( names )` and returns their number; `c->names` gets them.
static uint32_t parameters(Compiler *c, bool declare_them)
{
    uint32_t n = 0;
    expect(c, "(");
    while (!at(c, ")") && c->status == STATUS_OK) {
        const Str name = expect_name(c);
        if (declare_them && c->status == STATUS_OK)
            builder_def(c->b, declare(c, name), builder_param(c->b, n));
        n++;
        if (!accept(c, ","))
            break;
    }
    expect(c, ")");
    return n;
}

// Finds the functions' names and parameter counts, so that calls can come before what they call.
static void scan_functions(Compiler *c)
{
    uint32_t depth = 0;
    for (; c->token.kind != TOKEN_END; next(c)) {
        depth += at(c, "{");
        depth -= at(c, "}") && depth != 0;
        if (depth != 0 || !at(c, "fn"))
            continue;
        next(c);
        const uint32_t pos = c->token.pos;
        const Str name = expect_name(c);
        if (find_function(c, name) != c->functions.len)
            error(c, "a second function ", name);
        const Function function = {name, parameters(c, false), pos};
        VEC_PUSH(&c->arena, &c->functions, function);
        depth += at(c, "{");
    }
}

static void function(Compiler *c, const Function *f)
{
    c->names.len = c->imports.len = 0;
    for (uint32_t i = 0; i < c->functions.len; i++)
        VEC_PUSH(&c->arena, &c->imports, NO(FuncRef));
    builder_begin(c->b, builder_name(f->name), signature(c, f->num_params));
    (void)parameters(c, true);
    block(c);
    if (c->status != STATUS_OK) {
        builder_abandon(c->b);
        return;
    }
    ins_return(c->b, VALUES(ins_iconst(c->b, TYPE_I64, 0)));
    c->status = builder_finish(c->b, c->source, NULL, c->diag);
}

Status toy_compile(Source *source, Module *module, Diag *diag)
{
    Compiler c = {.source = source, .module = module, .diag = diag};
    c.b = builder_create(module);
    next(&c);
    scan_functions(&c);
    if (c.status == STATUS_OK) {
        c.token = (Token){0};
        next(&c);
    }
    for (uint32_t i = 0; i < c.functions.len && c.status == STATUS_OK; i++) {
        expect(&c, "fn");
        (void)expect_name(&c);
        function(&c, &c.functions.data[i]);
    }
    if (c.status == STATUS_OK && c.token.kind != TOKEN_END)
        error(&c, "expected fn", (Str){NULL, 0});
    builder_destroy(c.b);
    arena_free(&c.arena);
    return c.status;
}
