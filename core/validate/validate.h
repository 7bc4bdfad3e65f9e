// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// validate: is this function well formed? Every rule of docs/clif.md's section on validation, in
// its order and with its fatality. A parsed function goes in and errors at its entities come out;
// no parsed function makes it crash.
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
