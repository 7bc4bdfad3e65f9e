// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// target/x64: x86-64 behind the Target table.
#ifndef TARGET_X64_H
#define TARGET_X64_H

#include "mach/mach.h"

extern const Target x64_target;

#endif
