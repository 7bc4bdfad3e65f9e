// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// emulate, inside: the library calls.
#ifndef EMULATE_EMULATE_INTERNAL_H
#define EMULATE_EMULATE_INTERNAL_H

#include "emulate/emulate.h"

// Binds every library call that libcalls.c can do.
void emulate_bind_libcalls(Executor *ex);

#endif
