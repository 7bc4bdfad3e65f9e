// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The hash that choices are made by: splitmix64.

#include "fuzz-targets/gen/gen.h"

uint64_t gen_mix(uint64_t n)
{
    uint64_t x = n + UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}
