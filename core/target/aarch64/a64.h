// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// target/aarch64: AArch64 behind the Target table, for the AAPCS64 calling convention. Rules and
// instruction rows stand in isle-rules/aarch64; here are what their terms call, encoding, the frame
// and the text of instructions. Nobody includes this but core/target/target_find.c and tests.
#ifndef TARGET_A64_H
#define TARGET_A64_H

#include "mach/mach.h"

extern const Target a64_target;

#endif
