// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The context: symbols, positions, errors and name lookup, and the order of the phases.

#include "isle-rules/compiler/islec_internal.h"

#include <stdio.h>

Isle *isle_new(Arena *arena, Diag *diag)
{
    static const char *const ops[] = {
#define SPEC_OP(NAME, text, min, max, shape) text,
#include "isle-rules/compiler/spec_ops.def"
    };
    Isle *const isle = ARENA_NEW(arena, Isle);
    isle->arena = arena;
    isle->diag = diag;
    // The operators come first, so that a symbol's number says whether it is one.
    for (uint32_t i = 0; i < ISLE_SPEC_OP_COUNT; i++) {
        const uint32_t sym = strtable_add(arena, &isle->symbols, str_from(ops[i]));
        ASSERT(sym == i);
    }
    isle_add_builtins(isle);
    return isle;
}

Str isle_str(const Isle *isle, IsleSym sym)
{
    return sym == ISLE_NONE ? STR("_") : isle->symbols.strings.data[sym];
}

IsleTermId isle_find_term(const Isle *isle, Str name)
{
    const uint32_t sym = strtable_find(&isle->symbols, name);
    return sym == MAP_NONE ? ISLE_NONE : map_get(&isle->term_of_name, sym);
}

IsleTypeId isle_find_type(const Isle *isle, Str name)
{
    const uint32_t sym = strtable_find(&isle->symbols, name);
    return sym == MAP_NONE ? ISLE_NONE : map_get(&isle->type_of_name, sym);
}

LineCol isle_line_col(Isle *isle, IslePos pos)
{
    return source_line_col(isle->sources.data[pos.file], pos.offset);
}

Str isle_where(Isle *isle, IslePos pos)
{
    const LineCol at = isle_line_col(isle, pos);
    return str_printf(isle->arena, "%.*s:%u:%u", STR_ARG(isle->sources.data[pos.file]->path),
                      at.line, at.col);
}

// ---- Errors ----

static PRINTF_LIKE(4, 0) void report(Isle *isle, Severity severity, IslePos pos, const char *format,
                                     va_list args)
{
    if (isle->diag->errors >= ISLE_MAX_ERRORS)
        return;
    char text[1024]; // longer ones are cut: they hold names of any length
    vsnprintf(text, sizeof(text), format, args);
    diag_add(isle->diag, severity, isle->sources.data[pos.file], pos.offset, "%s", text);
    if (isle->diag->errors == ISLE_MAX_ERRORS)
        diag_add(isle->diag, SEVERITY_NOTE, NULL, POS_NONE, "too many errors; no more are shown");
}

Status isle_error(Isle *isle, IslePos pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(isle, SEVERITY_ERROR, pos, format, args);
    va_end(args);
    return STATUS_INVALID;
}

Status isle_error_limit(Isle *isle, IslePos pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(isle, SEVERITY_ERROR, pos, format, args);
    va_end(args);
    return STATUS_LIMIT;
}

void isle_note(Isle *isle, IslePos pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(isle, SEVERITY_NOTE, pos, format, args);
    va_end(args);
}

Status isle_error_unknown(Isle *isle, const IsleIdent *ident, const char *what,
                          const Str *candidates, size_t count)
{
    const Str name = isle_str(isle, ident->sym);
    const Str nearest = str_nearest(name, candidates, count);
    if (nearest.len == 0)
        return isle_error(isle, ident->pos, "unknown %s `%.*s`", what, STR_ARG(name));
    return isle_error(isle, ident->pos, "unknown %s `%.*s`; did you mean `%.*s`?", what,
                      STR_ARG(name), STR_ARG(nearest));
}

Status isle_error_unknown_term(Isle *isle, const IsleIdent *ident)
{
    Str *const names = ARENA_ARRAY(isle->arena, Str, isle->terms.len);
    for (uint32_t i = 0; i < isle->terms.len; i++)
        names[i] = isle_str(isle, isle->terms.data[i].name);
    return isle_error_unknown(isle, ident, "term", names, isle->terms.len);
}

Status isle_error_unknown_type(Isle *isle, const IsleIdent *ident)
{
    Str *const names = ARENA_ARRAY(isle->arena, Str, isle->types.len);
    for (uint32_t i = 0; i < isle->types.len; i++)
        names[i] = isle_str(isle, isle->types.data[i].name);
    return isle_error_unknown(isle, ident, "type", names, isle->types.len);
}

IsleTypeId isle_resolve_type(Isle *isle, const IsleIdent *ident)
{
    const IsleTypeId type = map_get(&isle->type_of_name, ident->sym);
    if (type == ISLE_NONE)
        isle_error_unknown_type(isle, ident);
    return type;
}

IsleTermId isle_resolve_term(Isle *isle, const IsleIdent *ident)
{
    const IsleTermId term = map_get(&isle->term_of_name, ident->sym);
    if (term == ISLE_NONE)
        isle_error_unknown_term(isle, ident);
    return term;
}

// ---- Phases ----

Status isle_check(Isle *isle)
{
    // A later phase relies on what the earlier ones established, so errors stop the run.
    static void (*const phases[])(Isle *) = {
        isle_check_types, isle_check_decls,    isle_check_constructors, isle_check_externs,
        isle_check_rules, isle_check_overlaps, isle_check_recursion};
    const uint32_t before = isle->diag->errors;
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        phases[i](isle);
        if (isle->diag->errors == before)
            continue;
        if (phases[i] != isle_check_rules && phases[i] != isle_check_overlaps)
            return STATUS_INVALID;
        break;
    }
    isle_check_specs(isle); // needs the names alone
    return isle->diag->errors == before ? STATUS_OK : STATUS_INVALID;
}

void isle_build_trees(Isle *isle)
{
    if (isle->trees.len != 0)
        return;
    VEC_PUSH_ZEROED(isle->arena, &isle->tree_of_term, isle->terms.len);
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        isle->tree_of_term.data[t] = ISLE_NONE;
        if (isle->terms.data[t].constructor != ISLE_HOW_INTERNAL)
            continue;
        isle->tree_of_term.data[t] = isle->trees.len;
        const IsleTree tree = isle_build_tree(isle, isle_rule_set(isle, t, true));
        VEC_PUSH(isle->arena, &isle->trees, tree);
    }
}

bool isle_extractor_fails(const IsleTerm *term)
{
    return term->extractor == ISLE_HOW_INTERNAL ||
           (term->extractor == ISLE_HOW_EXTERNAL && !term->infallible);
}
