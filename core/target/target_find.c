// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The targets that we generate code for: the one file that names them all.

#include "target/aarch64/a64.h"
#include "target/x64/x64.h"

const Target *target_find(Arch arch)
{
    static const Target *const targets[] = {&x64_target, &a64_target};
    for (uint32_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (targets[i]->arch == arch)
            return targets[i];
    return NULL;
}
