// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One comparison of a meaning with what an engine does.

#include "fuzz-targets/fuzz_specs.h"

#include "fuzz-targets/require.h"

// Leaks of the engines are theirs; see fuzz_harness.c.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:allow_user_segv_handler=1";
}

Isle *specs_program(const VerifyText *texts, Isle **lasting)
{
    static Arena arena;
    if (*lasting)
        return *lasting;
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    require(verify_read(isle, texts) == STATUS_OK, "specs", "the rules have errors");
    *lasting = isle;
    return isle;
}

AgreeOptions specs_options(const uint8_t *data, size_t size, const uint32_t *choice)
{
    const size_t head = size < 2 ? size : 2;
    const Str bytes = {(const char *)data + head, size - head};
    return (AgreeOptions){.tuples = 1,
                          .seed = hash_bytes(bytes.data, bytes.len),
                          .filter = STR(""),
                          .bytes = bytes,
                          .only = choice};
}

void specs_judge(AgreeReport *report, const char *target)
{
    for (uint32_t i = 0; i < report->results.len; i++) {
        const AgreeResult *const r = &report->results.data[i];
        if (r->mismatches == 0)
            continue;
        fprintf(stderr, "%.*s differs by %s: %.*s\n", STR_ARG(r->term), r->by, STR_ARG(r->detail));
        require(false, target, "a meaning differs from what the engine does");
    }
    arena_free(report->arena);
}
