// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options, presets and triples.

#include "settings/settings.h"

// cmocka.h needs what stands before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

typedef struct Fixture {
    Arena arena;
    Diag diag;
    Source source;
    StrBuf text;
} Fixture;

static int setup(void **state)
{
    Fixture *const fix = test_calloc(1, sizeof(Fixture));
    fix->diag.arena = fix->text.arena = &fix->arena;
    fix->source = (Source){.path = STR("t.clif"), .text = STR("test run\nset x\n")};
    *state = fix;
    return 0;
}

static int teardown(void **state)
{
    Fixture *const fix = *state;
    arena_free(&fix->arena);
    test_free(fix);
    return 0;
}

// The last message as one line.
static const char *last_message(Fixture *fix)
{
    assert_int_not_equal(fix->diag.messages.len, 0);
    fix->text.len = 0;
    diag_format(&fix->diag.messages.data[fix->diag.messages.len - 1], &fix->text);
    buf_char(&fix->text, '\0');
    return fix->text.data;
}

enum { POS = 13 }; // of "x" in the source: line 2, column 5

static Status set(Fixture *fix, Settings *settings, const char *option)
{
    return settings_set(settings, str_from(option), &fix->source, POS, &fix->diag);
}

static Status target(Fixture *fix, Isa *isa, const char *option)
{
    return isa_set(isa, str_from(option), &fix->source, POS, &fix->diag);
}

static void test_defaults(void **state)
{
    (void)state;
    const Settings library = settings_defaults();
    assert_int_equal(settings_get(&library, SETTING_OPT_LEVEL), OPT_LEVEL_NONE);
    assert_int_equal(settings_get(&library, SETTING_UNWIND_INFO), 1);
    assert_int_equal(settings_get(&library, SETTING_PROBESTACK_SIZE_LOG2), 12);
    assert_int_equal(settings_get(&library, SETTING_ENABLE_PINNED_REG), 0);
    const Settings tests = settings_filetest_defaults();
    assert_int_equal(settings_get(&tests, SETTING_UNWIND_INFO), 0);
    assert_int_equal(settings_get(&tests, SETTING_MACHINE_CODE_CFG_INFO), 1);
}

static void test_booleans(void **state)
{
    static const char *const on[] = {"is_pic", "is_pic=true", "is_pic=on", "is_pic=yes",
                                     "is_pic=1"};
    static const char *const off[] = {"is_pic=false", "is_pic=off", "is_pic=no", "is_pic=0"};
    Settings settings = settings_defaults();
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
        settings.values[SETTING_IS_PIC] = 0;
        assert_int_equal(set(*state, &settings, on[i]), STATUS_OK);
        assert_int_equal(settings_get(&settings, SETTING_IS_PIC), 1);
    }
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        settings.values[SETTING_IS_PIC] = 1;
        assert_int_equal(set(*state, &settings, off[i]), STATUS_OK);
        assert_int_equal(settings_get(&settings, SETTING_IS_PIC), 0);
    }
    assert_int_equal(set(*state, &settings, "is_pic=ture"), STATUS_INVALID);
    assert_string_equal(last_message(*state), "t.clif:2:5: error: 'ture' is no value of 'is_pic'; "
                                              "did you mean 'true'?");
    assert_int_equal(set(*state, &settings, "is_pic="), STATUS_INVALID);
}

static void test_enums_and_numbers(void **state)
{
    Fixture *const fix = *state;
    Settings settings = settings_defaults();
    assert_int_equal(set(fix, &settings, "opt_level=speed_and_size"), STATUS_OK);
    assert_int_equal(settings_get(&settings, SETTING_OPT_LEVEL), OPT_LEVEL_SPEED_AND_SIZE);
    assert_int_equal(set(fix, &settings, "opt_level"), STATUS_INVALID);
    assert_string_equal(last_message(fix), "t.clif:2:5: error: 'opt_level' needs a value, one of: "
                                           "none speed speed_and_size");
    assert_int_equal(set(fix, &settings, "opt_level=sped"), STATUS_INVALID);
    assert_string_equal(last_message(fix), "t.clif:2:5: error: 'sped' is no value of 'opt_level'; "
                                           "did you mean 'speed'?");
    assert_int_equal(set(fix, &settings, "probestack_size_log2=255"), STATUS_OK);
    assert_int_equal(settings_get(&settings, SETTING_PROBESTACK_SIZE_LOG2), 255);
    static const char *const bad[] = {"256", "", "-1", "1x", "0x1", "1000"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const Str option = str_printf(&fix->arena, "probestack_size_log2=%s", bad[i]);
        assert_int_equal(set(fix, &settings, option.data), STATUS_INVALID);
        assert_int_equal(settings_get(&settings, SETTING_PROBESTACK_SIZE_LOG2), 255);
    }
}

static void test_unknown_setting(void **state)
{
    Settings settings = settings_defaults();
    assert_int_equal(set(*state, &settings, "opt_levl=speed"), STATUS_INVALID);
    assert_string_equal(last_message(*state), "t.clif:2:5: error: unknown setting 'opt_levl'; "
                                              "did you mean 'opt_level'?");
    assert_int_equal(set(*state, &settings, "zzzzzzzz"), STATUS_INVALID);
    assert_string_equal(last_message(*state), "t.clif:2:5: error: unknown setting 'zzzzzzzz'");
    assert_int_equal(set(*state, &settings, ""), STATUS_INVALID);
}

// Each setting's value, printed and set again, is the same value.
static void test_value_text(void **state)
{
    Fixture *const fix = *state;
    for (uint32_t id = 0; id < SETTING_COUNT; id++) {
        for (uint8_t value = 0; value < 2; value++) {
            Settings settings = settings_defaults();
            const Str text = settings_value_text(&fix->arena, (SettingId)id, value);
            const Str option =
                str_printf(&fix->arena, "%s=%.*s", settings_name((SettingId)id), STR_ARG(text));
            assert_int_equal(set(fix, &settings, option.data), STATUS_OK);
            assert_int_equal(settings_get(&settings, (SettingId)id), value);
        }
    }
}

static void test_triples(void **state)
{
    (void)state;
    static const struct {
        const char *triple;
        Arch arch;
        uint32_t bits;
        bool big, supported;
    } rows[] = {
        {"x86_64", ARCH_X86_64, 64, false, true},
        {"x86_64-unknown-linux-gnu", ARCH_X86_64, 64, false, true},
        {"aarch64", ARCH_AARCH64, 64, false, true},
        {"aarch64-apple-darwin", ARCH_AARCH64, 64, false, true},
        {"riscv64", ARCH_RISCV64, 64, false, false},
        {"riscv64gc-unknown-linux-gnu", ARCH_RISCV64, 64, false, false},
        {"s390x", ARCH_S390X, 64, true, false},
        {"pulley32", ARCH_PULLEY32, 32, false, false},
        {"pulley64be", ARCH_PULLEY64BE, 64, true, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Isa isa;
        assert_int_equal(isa_parse(str_from(rows[i].triple), &isa), STATUS_OK);
        assert_int_equal(isa.arch, rows[i].arch);
        assert_true(str_eq_c(isa.triple, rows[i].triple));
        assert_int_equal(arch_pointer_bits(isa.arch), rows[i].bits);
        assert_int_equal(arch_is_big_endian(isa.arch), rows[i].big);
        assert_int_equal(arch_is_supported(isa.arch), rows[i].supported);
    }
    static const char *const unknown[] = {"", "i686", "x86", "x86_64x", "-x86_64", "i686-pc-linux"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        Isa isa;
        assert_int_equal(isa_parse(str_from(unknown[i]), &isa), STATUS_UNSUPPORTED);
    }
}

static void test_isa_flags(void **state)
{
    Fixture *const fix = *state;
    Isa isa;
    assert_int_equal(isa_parse(STR("x86_64"), &isa), STATUS_OK);
    for (uint32_t flag = 0; flag < ISA_FLAG_COUNT; flag++)
        assert_false(isa_has(&isa, (IsaFlag)flag));
    assert_int_equal(target(fix, &isa, "has_avx"), STATUS_OK);
    assert_true(isa_has(&isa, ISA_X86_64_HAS_AVX));
    assert_int_equal(target(fix, &isa, "has_avx=false"), STATUS_OK);
    assert_false(isa_has(&isa, ISA_X86_64_HAS_AVX));
    assert_int_equal(target(fix, &isa, "has_lse"), STATUS_INVALID);
    assert_int_equal(target(fix, &isa, "has_avx3"), STATUS_INVALID);
    assert_string_equal(last_message(fix),
                        "t.clif:2:5: error: unknown option of x86_64 'has_avx3'; "
                        "did you mean 'has_avx'?");
    assert_int_equal(isa_parse(STR("riscv64gc"), &isa), STATUS_OK);
    assert_true(isa_has(&isa, ISA_RISCV64_HAS_ZICSR));
    assert_false(isa_has(&isa, ISA_RISCV64_HAS_V));
}

static void test_presets(void **state)
{
    Fixture *const fix = *state;
    Isa isa;
    assert_int_equal(isa_parse(STR("x86_64"), &isa), STATUS_OK);
    assert_int_equal(target(fix, &isa, "sse41"), STATUS_OK);
    assert_true(isa_has(&isa, ISA_X86_64_HAS_SSE3));
    assert_true(isa_has(&isa, ISA_X86_64_HAS_SSSE3));
    assert_true(isa_has(&isa, ISA_X86_64_HAS_SSE41));
    assert_false(isa_has(&isa, ISA_X86_64_HAS_SSE42));
    assert_int_equal(target(fix, &isa, "baseline"), STATUS_OK); // clears nothing
    assert_true(isa_has(&isa, ISA_X86_64_HAS_SSE41));
    assert_int_equal(target(fix, &isa, "haswell=true"), STATUS_INVALID);
    assert_int_equal(target(fix, &isa, "haswell"), STATUS_OK);
    assert_true(isa_has(&isa, ISA_X86_64_HAS_BMI2));
    assert_true(isa_has(&isa, ISA_X86_64_HAS_CMPXCHG16B));
    assert_false(isa_has(&isa, ISA_X86_64_HAS_AVX512F));
    assert_int_equal(isa_parse(STR("riscv64"), &isa), STATUS_OK);
    assert_int_equal(target(fix, &isa, "has_c"), STATUS_OK);
    assert_true(isa_has(&isa, ISA_RISCV64_HAS_ZCD));
    assert_int_equal(target(fix, &isa, "zvl128b"), STATUS_OK);
    assert_true(isa_has(&isa, ISA_RISCV64_HAS_ZVL32B));
    assert_false(isa_has(&isa, ISA_RISCV64_HAS_ZVL256B));
}

// Every preset of the table expands to flags that exist, and changes no other architecture.
static void test_all_presets(void **state)
{
    static const struct {
        Arch arch;
        const char *name;
    } rows[] = {
#define ISA_PRESET(ARCH, name, sets) {ARCH_##ARCH, name},
#include "settings/isas.def"
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint32_t arch = 0; arch < ARCH_COUNT; arch++) {
            Isa isa;
            assert_int_equal(isa_parse(str_from(arch_name((Arch)arch)), &isa), STATUS_OK);
            assert_int_equal(target(*state, &isa, rows[i].name),
                             arch == rows[i].arch ? STATUS_OK : STATUS_INVALID);
        }
    }
}

static void test_fixed_options(void **state)
{
    Fixture *const fix = *state;
    Isa isa;
    assert_int_equal(isa_parse(STR("pulley32be"), &isa), STATUS_OK);
    assert_int_equal(target(fix, &isa, "pointer_width=pointer32"), STATUS_OK);
    assert_int_equal(target(fix, &isa, "big_endian"), STATUS_OK);
    assert_int_equal(target(fix, &isa, "pointer_width=pointer64"), STATUS_INVALID);
    assert_string_equal(last_message(fix), "t.clif:2:5: error: 'pointer_width=pointer64' "
                                           "contradicts the target's triple");
    assert_int_equal(target(fix, &isa, "big_endian=off"), STATUS_INVALID);
    assert_int_equal(target(fix, &isa, "pointer_width"), STATUS_INVALID);
    assert_int_equal(target(fix, &isa, "pointer_width=16"), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_booleans, setup, teardown),
        cmocka_unit_test_setup_teardown(test_enums_and_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_setting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_value_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_triples, setup, teardown),
        cmocka_unit_test_setup_teardown(test_isa_flags, setup, teardown),
        cmocka_unit_test_setup_teardown(test_presets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_presets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fixed_options, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
