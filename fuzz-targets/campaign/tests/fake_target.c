// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fuzz target with known faults, for the test of campaigns: one input in 64 stops it with an
// assertion of the text stage, another one makes it leave a file test that validation rejects, as
// the judge would.

#include "fuzz-targets/target.h"

#include <stdio.h>
#include <stdlib.h>

static const char wrong[] = "; invalid in unicorn-x64: v2 has the wrong type\n"
                            "test interpret\n"
                            "target x86_64\n\n"
                            "function %f(i32, i64) -> i32 {\n"
                            "block0(v0: i32, v1: i64):\n"
                            "    v3 = imul v0, v0\n"
                            "    v2 = iadd v0, v1\n"
                            "    v4 = bxor v2, v3\n"
                            "    return v4\n"
                            "}\n";

static void leave(const char *folder, const char *suffix, const void *data, size_t size)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/invalid-1.%s", folder, suffix);
    FILE *const file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const folder = getenv("FUZZ_FINDINGS");
    if (size == 0)
        return 0;
    if (data[0] == 0x40) {
        fprintf(stderr, "../core/text/nowhere.c:%u: internal error: assertion failed: x == %u\n",
                data[0], data[0]);
        abort();
    }
    if (data[0] == 0x41 && folder) {
        leave(folder, "bytes", data, size);
        leave(folder, "clif", wrong, sizeof(wrong) - 1);
    }
    return 0;
}
