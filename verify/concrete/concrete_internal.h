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

// Why evaluation stops. Always false.
bool concrete_cannot(ConcreteRun *run, IslePos pos, const char *why);

static inline bool concrete_known(const Concrete *x)
{
    return wide_is_zero(&x->unknown);
}

#endif
