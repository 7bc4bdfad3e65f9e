// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// target/aarch64: AArch64 behind the Target table.
#ifndef TARGET_A64_H
#define TARGET_A64_H

#include "mach/mach.h"

extern const Target a64_target;

#endif
