// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Architectures, their feature flags and presets: the tables of isas.def.

#include "settings/settings_internal.h"

typedef struct ArchInfo {
    const char *name;
    uint8_t pointer_bits;
    bool big_endian, supported;
} ArchInfo;

static const ArchInfo archs[ARCH_COUNT] = {
#define ARCH(NAME, name, pointer_bits, big_endian, supported) \
    [ARCH_##NAME] = {#name, (pointer_bits), (big_endian), (supported)},
#include "settings/isas.def"
};

typedef struct ArchAlias {
    Arch arch;
    const char *name;
} ArchAlias;

static const ArchAlias aliases[] = {
#define ARCH_ALIAS(NAME, name) {ARCH_##NAME, #name},
#include "settings/isas.def"
};

typedef struct FlagInfo {
    Arch arch;
    const char *name;
    bool initial;
} FlagInfo;

static const FlagInfo flags[ISA_FLAG_COUNT] = {
#define ISA_FLAG(ARCH, NAME, name, initial) [ISA_##ARCH##_##NAME] = {ARCH_##ARCH, #name, (initial)},
#include "settings/isas.def"
};

typedef struct FixedInfo {
    Arch arch;
    const char *name, *values;
    uint32_t index;
} FixedInfo;

static const FixedInfo fixed[] = {
#define ISA_FIXED(ARCH, name, values, index) {ARCH_##ARCH, #name, values, (index)},
#include "settings/isas.def"
};

typedef struct PresetInfo {
    Arch arch;
    const char *name, *sets; // flags and presets, separated by blanks
} PresetInfo;

static const PresetInfo presets[] = {
#define ISA_PRESET(ARCH, name, sets) {ARCH_##ARCH, name, sets},
#include "settings/isas.def"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- Architectures ----

const char *arch_name(Arch arch)
{
    ASSERT(arch < ARCH_COUNT);
    return archs[arch].name;
}

bool arch_is_supported(Arch arch)
{
    ASSERT(arch < ARCH_COUNT);
    return archs[arch].supported;
}

uint32_t arch_pointer_bits(Arch arch)
{
    ASSERT(arch < ARCH_COUNT);
    return archs[arch].pointer_bits;
}

bool arch_is_big_endian(Arch arch)
{
    ASSERT(arch < ARCH_COUNT);
    return archs[arch].big_endian;
}

// The architecture called `name`, ARCH_COUNT when there is none.
static Arch arch_find(Str name)
{
    for (uint32_t i = 0; i < ARCH_COUNT; i++)
        if (str_eq_c(name, archs[i].name))
            return (Arch)i;
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (str_eq_c(name, aliases[i].name))
            return aliases[i].arch;
    return ARCH_COUNT;
}

// ---- Targets ----

static void set_flag(Isa *isa, uint32_t flag, bool on)
{
    const uint64_t bit = (uint64_t)1 << (flag % 64);
    if (on)
        isa->flags[flag / 64] |= bit;
    else
        isa->flags[flag / 64] &= ~bit;
}

Status isa_parse(Str triple, Isa *out)
{
    size_t len = 0;
    while (len < triple.len && triple.data[len] != '-')
        len++;
    const Arch arch = arch_find((Str){triple.data, len});
    if (arch == ARCH_COUNT)
        return STATUS_UNSUPPORTED;
    *out = (Isa){.arch = arch, .triple = triple};
    for (uint32_t i = 0; i < ISA_FLAG_COUNT; i++)
        if (flags[i].arch == arch && flags[i].initial)
            set_flag(out, i, true);
    return STATUS_OK;
}

// The flag of `arch` called `name`, ISA_FLAG_COUNT when there is none.
static uint32_t flag_find(Arch arch, Str name)
{
    uint32_t i = 0;
    while (i < ISA_FLAG_COUNT && (flags[i].arch != arch || !str_eq_c(name, flags[i].name)))
        i++;
    return i;
}

static const PresetInfo *preset_find(Arch arch, Str name)
{
    for (size_t i = 0; i < COUNT(presets); i++)
        if (presets[i].arch == arch && str_eq_c(name, presets[i].name))
            return &presets[i];
    return NULL;
}

// A preset names flags and presets of lower rows only, so the recursion is as deep as the table's
// longest chain.
static void apply_preset(Isa *isa, const PresetInfo *preset)
{
    for (uint32_t n = 0;; n++) {
        const Str word = option_word(preset->sets, n);
        if (word.len == 0)
            return;
        const uint32_t flag = flag_find(isa->arch, word);
        if (flag != ISA_FLAG_COUNT) {
            set_flag(isa, flag, true);
            continue;
        }
        const PresetInfo *const inner = preset_find(isa->arch, word);
        ASSERT(inner && inner < preset);
        apply_preset(isa, inner);
    }
}

static Status set_fixed(const FixedInfo *info, Option option, const OptionSite *site)
{
    const bool is_bool = option_find_word(info->values, STR("true")) != NO_WORD;
    if (is_bool) {
        bool on = false;
        TRY(option_bool(&option, site, &on));
        option.value = on ? STR("true") : STR("false");
    }
    const uint32_t n = option_find_word(info->values, option.value);
    if (n == NO_WORD)
        return option_bad_value(&option, info->values, site);
    if (n != info->index)
        return diag_error(site->diag, STATUS_INVALID, site->source, site->pos,
                          "'%.*s=%.*s' contradicts the target's triple", STR_ARG(option.name),
                          STR_ARG(option.value));
    return STATUS_OK;
}

// Says that `isa` has no such option.
static Status unknown_option(const Isa *isa, Str name, const OptionSite *site)
{
    Str names[COUNT(flags) + COUNT(presets) + COUNT(fixed)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(flags); i++)
        if (flags[i].arch == isa->arch)
            names[count++] = str_from(flags[i].name);
    for (size_t i = 0; i < COUNT(presets); i++)
        if (presets[i].arch == isa->arch)
            names[count++] = str_from(presets[i].name);
    for (size_t i = 0; i < COUNT(fixed); i++)
        if (fixed[i].arch == isa->arch)
            names[count++] = str_from(fixed[i].name);
    const Str what = str_printf(site->diag->arena, "option of %s", archs[isa->arch].name);
    return option_unknown(name, what.data, site, names, count);
}

Status isa_set(Isa *isa, Str option, Source *source, uint32_t pos, Diag *diag)
{
    const OptionSite site = {source, pos, diag};
    const Option split = option_split(option);
    const uint32_t flag = flag_find(isa->arch, split.name);
    if (flag != ISA_FLAG_COUNT) {
        bool on = false;
        TRY(option_bool(&split, &site, &on));
        set_flag(isa, flag, on);
        return STATUS_OK;
    }
    for (size_t i = 0; i < COUNT(fixed); i++)
        if (fixed[i].arch == isa->arch && str_eq_c(split.name, fixed[i].name))
            return set_fixed(&fixed[i], split, &site);
    const PresetInfo *const preset = preset_find(isa->arch, split.name);
    if (!preset)
        return unknown_option(isa, split.name, &site);
    if (split.has_value)
        return diag_error(diag, STATUS_INVALID, source, pos,
                          "'%.*s' is a preset and takes no value", STR_ARG(split.name));
    apply_preset(isa, preset);
    return STATUS_OK;
}
