// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: what the allocator makes of any machine function passes the checker, and is the same
// twice. The function is made up of the bytes: any graph, every kind of constraint, calls, flags,
// few or many registers.

#include "fuzz-targets/require.h"
#include "fuzz-targets/target.h"
#include "regalloc/tests/fake_random.h"

static void show(const MFunc *f)
{
    StrBuf text = {.arena = f->arena};
    mfunc_print(f, &text);
    fprintf(stderr, "%.*s", STR_ARG(buf_view(&text)));
}

static bool same_moves(const MFunc *a, const MFunc *b)
{
    if (a->moves.len != b->moves.len)
        return false;
    for (uint32_t i = 0; i < a->moves.len; i++) {
        const MMove *const x = &a->moves.data[i], *const y = &b->moves.data[i];
        if (x->before != y->before || x->from.bits != y->from.bits || x->to.bits != y->to.bits ||
            x->vreg.i != y->vreg.i || x->remat != y->remat)
            return false;
    }
    return true;
}

static bool same(const MFunc *a, const MFunc *b)
{
    return a->num_slots == b->num_slots && a->callee_saved == b->callee_saved &&
           a->operands.len == b->operands.len && same_moves(a, b) &&
           (a->operands.len == 0 ||
            memcmp(a->allocs, b->allocs, sizeof(Alloc) * a->operands.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Gen gen, again;
    Fake fake, second;
    Arena scratch = {0};
    gen_function_by(&gen, &fake, (Rng){.bytes = data, .num_bytes = size});
    const bool twice = size % 8 == 0; // costs as much again
    const Str broken = mfunc_validate(&fake.f, &scratch);
    require(broken.len == 0, "regalloc", "the function itself is not well formed");
    regalloc_run(&fake.f, &gen.options, &scratch);
    const Str wrong = regalloc_check(&fake.f, &gen.options, &scratch);
    if (wrong.len != 0) {
        show(&fake.f);
        fprintf(stderr, "%.*s\n", STR_ARG(wrong));
        require(false, "regalloc", "the checker finds the allocation wrong");
    }
    if (twice) {
        gen_function_by(&again, &second, (Rng){.bytes = data, .num_bytes = size});
        regalloc_run(&second.f, &again.options, &scratch);
        require(same(&fake.f, &second.f), "regalloc", "the same function is allocated differently");
        fake_free(&second);
    }
    arena_free(&scratch);
    fake_free(&fake);
    return 0;
}
