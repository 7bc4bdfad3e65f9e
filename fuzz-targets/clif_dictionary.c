// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints a dictionary of the CLIF text format for fuzzers, from the tables of the IR: opcodes,
// types, conditions, and what stands beside them in text.

#include "ir/ir.h"
#include "settings/settings.h"

#include <stdio.h>
#include <stdlib.h>

// Words that no table has: the shape of the text.
static const char *const shapes[] = {
    "function %f",
    "block0",
    "block0(v0: i32):",
    "v0 = ",
    "fn0 = %g",
    "sig0 = (",
    ") -> ",
    "ss0 = explicit_slot ",
    "gv0 = ",
    "jt0 = ",
    "const0 = ",
    "region0 = ",
    "test ",
    "set ",
    "target x86_64",
    "target aarch64",
    "; run: %f(",
    "; print: %f(",
    "; heap: 4096",
    " == ",
    "[v0, v1]",
    "heap_addr ",
    "little ",
    "big ",
    "notrap ",
    "aligned ",
    "stack_limit = ",
    "sret",
    "sext",
    "uext",
    "0x1.8p3",
    "-Inf",
    "+NaN:0x1",
    "sNaN",
    "preserve_all",
};

static void print_word(const char *word)
{
    printf("\"%s\"\n", word);
}

int main(void)
{
    Arena arena = {0};
    printf("# Made of the tables of the IR by clif_dictionary.\n");
    for (uint32_t op = 0; op < OP_COUNT; op++)
        print_word(ir_ops[op].name);
    // Scalars and the vectors of 64 and 128 bits.
    for (uint32_t t = 1; t <= UINT8_MAX; t++) {
        const uint32_t bits = type_bits((Type)t);
        if (bits != 0 && (!type_is_vector((Type)t) || bits == 64 || bits == 128))
            printf("\".%.*s\"\n", STR_ARG(type_name(&arena, (Type)t)));
    }
    for (uint32_t i = 0; i < INTCC_COUNT; i++)
        print_word(intcc_name((IntCC)i));
    for (uint32_t i = 0; i < FLOATCC_COUNT; i++)
        print_word(floatcc_name((FloatCC)i));
    for (uint32_t i = 0; i < ATOMIC_COUNT; i++)
        print_word(atomicop_name((AtomicOp)i));
    for (uint32_t i = 0; i < CC_COUNT; i++)
        print_word(callconv_name((CallConv)i));
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        print_word(settings_name((SettingId)i));
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        print_word(shapes[i]);
    arena_free(&arena);
    return ferror(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
