// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// settings: the shared settings of the code generator, the architectures, and their feature flags
// and presets. All come from settings.def and isas.def; this module parses `name`, `name=value` and
// target triples as `set` and `target` lines of a file test write them.
//
// Architectures whose code we don't generate are known all the same, with their flags, so that
// their lines are checked and reported as unsupported instead of being unknown.
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include "base/base.h"

typedef enum SettingId {
#define SETTING(NAME, ...) SETTING_##NAME,
#include "settings/settings.def"
    SETTING_COUNT
} SettingId;

// Values of the enumerated settings, in the order of settings.def.
typedef enum OptLevel { OPT_LEVEL_NONE, OPT_LEVEL_SPEED, OPT_LEVEL_SPEED_AND_SIZE } OptLevel;
typedef enum TlsModel {
    TLS_MODEL_NONE,
    TLS_MODEL_ELF_GD,
    TLS_MODEL_MACHO,
    TLS_MODEL_COFF
} TlsModel;

// Booleans are 0 or 1, enumerations the index of the value, numbers themselves.
typedef struct Settings {
    uint8_t values[SETTING_COUNT];
} Settings;

typedef enum Arch {
#define ARCH(NAME, ...) ARCH_##NAME,
#include "settings/isas.def"
    ARCH_COUNT
} Arch;

typedef enum IsaFlag {
#define ISA_FLAG(ARCH, NAME, ...) ISA_##ARCH##_##NAME,
#include "settings/isas.def"
    ISA_FLAG_COUNT
} IsaFlag;

#define ISA_FLAG_WORDS ((ISA_FLAG_COUNT + 63) / 64)

// A target: an architecture with its feature flags.
typedef struct Isa {
    Arch arch;
    Str triple;                     // as written
    uint64_t flags[ISA_FLAG_WORDS]; // by IsaFlag
} Isa;

// The defaults of the library; file tests start from settings_filetest_defaults.
Settings settings_defaults(void);
Settings settings_filetest_defaults(void);

static inline uint8_t settings_get(const Settings *settings, SettingId id)
{
    return settings->values[id];
}

// Name of a setting, and of its value in text form.
const char *settings_name(SettingId id);
Str settings_value_text(Arena *arena, SettingId id, uint8_t value);

// Applies one option: `name` (turns a boolean on), `name=value`. Says what is wrong with a
// did-you-mean, at `pos` of `source`.
Status settings_set(Settings *settings, Str option, Source *source, uint32_t pos, Diag *diag);

// The target of a triple ("x86_64", "aarch64-unknown-linux-gnu"), all flags at their defaults; only
// the part before the first '-' matters.
// STATUS_UNSUPPORTED, without a message, when the architecture is not one that we know.
Status isa_parse(Str triple, Isa *out);

// Applies one ISA option: a flag (`has_avx`, `has_avx=false`) or preset (`haswell`), which turns
// flags on and none off. Errors as settings_set.
Status isa_set(Isa *isa, Str option, Source *source, uint32_t pos, Diag *diag);

static inline bool isa_has(const Isa *isa, IsaFlag flag)
{
    return (isa->flags[flag / 64] >> (flag % 64)) & 1;
}

// The first part of its triples.
const char *arch_name(Arch arch);
// Whether we generate its code.
bool arch_is_supported(Arch arch);
// Width of an address in bits: 32 or 64.
uint32_t arch_pointer_bits(Arch arch);
// Byte order of memory accesses that don't name one.
bool arch_is_big_endian(Arch arch);

#endif
