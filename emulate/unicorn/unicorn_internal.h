// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of emulate/unicorn.
#ifndef EMULATE_UNICORN_INTERNAL_H
#define EMULATE_UNICORN_INTERNAL_H

#include "emulate/machine/machine.h"
#include "emulate/unicorn/unicorn.h"

#include <unicorn/unicorn.h>

#define UNICORN_REGS_MAX 80

// Unicorn's numbers of the registers that GuestRegs has, and where they are in it.
typedef struct UnicornRegs {
    int ids[UNICORN_REGS_MAX];
    void *values[UNICORN_REGS_MAX];
    int count;
} UnicornRegs;

// The registers of `arch` in *regs, the program counter last.
void unicorn_list_registers(Arch arch, GuestRegs *regs, UnicornRegs *out);

#endif
