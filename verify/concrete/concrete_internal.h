// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of concrete/.
#ifndef VERIFY_CONCRETE_INTERNAL_H
#define VERIFY_CONCRETE_INTERNAL_H

#include "verify/concrete/concrete.h"

// The value of an operator of bits, numbers, truths or floats on `args`. False, with run->why, for
// operands that it does not take. Effects are not among them.
bool concrete_operator(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                       Concrete *out);

// The same for the operators of floats, FP_POS_INF to FP_TO_SBV_SAT of spec_ops.def.
bool concrete_float_operator(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                             Concrete *out);
// An operator on bit vectors of one width, floats among them: with a bit unknown, all of it is.
bool concrete_arithmetic(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                         Concrete *out);
// What an operator of expr makes of known values. False where it has no value.
bool concrete_through(ExprOp op, Sort sort, const Concrete *args, uint32_t count, Concrete *out);

// Whether all are bit vectors of one width; whether `x` is a number from `least` to `most`.
bool concrete_same_widths(const Concrete *args, uint32_t count);
bool concrete_int_of(const Concrete *x, int64_t least, int64_t most, uint32_t *out);
// A truth that is not known; the opposite of one.
Concrete concrete_open_bool(void);
Concrete concrete_not(const Concrete *a);

// Why evaluation stops. Always false.
bool concrete_cannot(ConcreteRun *run, IslePos pos, const char *why);

static inline bool concrete_known(const Concrete *x)
{
    return wide_is_zero(&x->unknown);
}

#endif
