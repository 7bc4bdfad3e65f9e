// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// toy: a small language, to show how a front end uses the builder.
//
//   program  = { "fn" name "(" [ name { "," name } ] ")" block }
//   block    = "{" { statement } "}"
//   statement = "let" name "=" expr ";" | name "=" expr ";" | "return" expr ";" | expr ";"
//            | "if" expr block [ "else" ( block | if-statement ) ] | "while" expr block
//   expr     = operators by precedence: ||, &&, == != < <= > >=, + -, * / %, unary - !
//   operand  = number | name | name "(" [ expr { "," expr } ] ")" | "(" expr ")"
//
// Every value is a signed 64-bit integer. Arithmetic wraps; / and % round towards zero and trap on
// a zero divisor. Comparisons and ! give 0 or 1; && and || evaluate their right side only when they
// must and give 0 or 1. A function that ends without a return gives 0. `let` makes a variable until
// the end of its block. `#` starts a comment.
#ifndef EXAMPLES_TOY_TOY_H
#define EXAMPLES_TOY_TOY_H

#include <assay/assay.h>

typedef enum TokenKind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_PUNCT, TOKEN_BAD } TokenKind;

typedef struct Token {
    TokenKind kind;
    uint32_t pos;
    Str text;
    int64_t number;
} Token;

// The token at or behind offset `pos`, after blanks and comments.
Token toy_lex(Str text, uint32_t pos);

// Compiles every function of `source` into `module`. Errors go to `diag` with their places; then
// the status is not STATUS_OK.
Status toy_compile(Source *source, Module *module, Diag *diag);

#endif
