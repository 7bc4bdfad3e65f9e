// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// target/x64: x86-64 behind the Target table, for the System V calling convention. Rules and
// instruction rows stand in isle-rules/x64; here are what their terms call, encoding, the frame and
// the text of instructions. Nobody includes this but core/target/target_find.c and tests.
#ifndef TARGET_X64_H
#define TARGET_X64_H

#include "mach/mach.h"

extern const Target x64_target;

#endif
