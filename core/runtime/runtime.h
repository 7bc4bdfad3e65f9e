// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// runtime: the arithmetic behind library calls that compiled code makes where no machine has an
// instruction: division of 128-bit numbers. Executors bind these functions to the calls; a linked
// program has the ones of its compiler's library under the same names. They use no division of
// 128-bit numbers themselves, so that the compiler's may be what they are compared with.
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include "base/base.h"

typedef struct Quotient128 {
    uint128 quotient, remainder;
} Quotient128;

// x / y and x % y of unsigned numbers; y is not zero.
Quotient128 runtime_udivmod128(uint128 x, uint128 y);

// The same of signed numbers in two's complement, truncated towards zero, the remainder with the
// sign of x; y is not zero. The least number divided by -1 is itself, and leaves 0.
Quotient128 runtime_sdivmod128(uint128 x, uint128 y);

#endif
