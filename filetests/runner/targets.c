// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `set` and `target` lines of a file's header.
#include "filetests/runner/targets.h"

static Status read_set(ClifFile *file, const HeaderLine *line, Settings *settings, Diag *diag)
{
    for (uint32_t i = 0; i < line->num_words; i++)
        TRY(settings_set(settings, line->words[i], &file->source, line->word_pos[i], diag));
    return STATUS_OK;
}

static Status read_target(Arena *arena, ClifFile *file, const HeaderLine *line, Targets *out,
                          Diag *diag)
{
    if (line->num_words == 0)
        return diag_error(diag, STATUS_SYNTAX, &file->source, line->pos,
                          "expected a target triple behind 'target'");
    TargetLine target = {.settings = out->settings, .pos = line->pos};
    if (isa_parse(line->words[0], &target.isa) != STATUS_OK) {
        if (out->unknown.len == 0)
            out->unknown = line->words[0];
        return STATUS_OK; // its flags can't be judged
    }
    StrBuf text = {.arena = arena};
    buf_str(&text, line->words[0]);
    for (uint32_t i = 1; i < line->num_words; i++) {
        TRY(isa_set(&target.isa, line->words[i], &file->source, line->word_pos[i], diag));
        buf_char(&text, ' ');
        buf_str(&text, line->words[i]);
    }
    target.text = buf_view(&text);
    VEC_PUSH(arena, &out->lines, target);
    return STATUS_OK;
}

Status targets_read(Arena *arena, ClifFile *file, Settings defaults, Targets *out, Diag *diag)
{
    *out = (Targets){.settings = defaults};
    bool any = false;
    uint32_t idle = POS_NONE; // a `set` that no target has taken yet
    for (uint32_t i = 0; i < file->header.len; i++) {
        const HeaderLine *line = &file->header.data[i];
        if (line->kind == HEADER_SET) {
            TRY(read_set(file, line, &out->settings, diag));
            idle = line->pos;
        } else if (line->kind == HEADER_TARGET) {
            TRY(read_target(arena, file, line, out, diag));
            any = true;
            idle = POS_NONE;
        }
    }
    if (any && idle != POS_NONE)
        return diag_error(diag, STATUS_INVALID, &file->source, idle,
                          "this 'set' has no effect: it stands behind the last 'target'");
    if (out->lines.len == 1 && out->unknown.len == 0)
        out->isa = &out->lines.data[0].isa;
    return STATUS_OK;
}
