// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// require: what targets say when a property does not hold.
#ifndef REQUIRE_H
#define REQUIRE_H

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

// Says `what` in the name of the target and aborts, unless `holds`.
static inline void require(bool holds, const char *target, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", target, what);
    abort();
}

#endif
