// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// validate: is this function well formed? Every rule of docs/clif.md's section on validation, in
// its order and with its fatality: after a fatal error the rest of the function is not looked at.
// Never crashes on a parsed function, nor on a built one whose numbers are in range; near-linear in
// the function's size. A function without blocks is well formed.
//
// Errors stand at entities. Their texts name others as v0, block1, inst2, sig0, fn0, gv1 and quote
// instructions in backquotes; file tests match parts of them.
#ifndef VALIDATE_VALIDATE_H
#define VALIDATE_VALIDATE_H

#include "ir/ir.h"
#include "settings/settings.h"

typedef struct ValidateError {
    EntityRef at;
    uint32_t pos; // in the source of the function, or POS_NONE
    Str message;
} ValidateError;

// In the order they were found; texts in the arena.
typedef struct ValidateErrors {
    Arena *arena;
    VEC(ValidateError) errors;
} ValidateErrors;

// Judges `f` under `settings`; `isa` may be NULL, then what depends on the target is not checked.
// Appends to `out` and returns whether nothing was found.
bool validate_func(const Func *f, const Settings *settings, const Isa *isa, ValidateErrors *out);

// The same with the errors as located messages of `source` (or NULL), STATUS_INVALID if any.
Status validate_func_diag(const Func *f, const Settings *settings, const Isa *isa, Source *source,
                          Diag *diag);

#endif
