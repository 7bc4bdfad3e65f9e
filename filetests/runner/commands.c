// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The commands that print something about each function, and the comparison of what they print.

#include "analysis/analysis.h"
#include "filetests/runner/runner_internal.h"

// ---- Comparing ----

static CheckList function_checks(const Job *job, uint32_t func)
{
    CheckList list = {{0}};
    const FuncText *const text = &job->file->texts.data[func];
    for (uint32_t i = 0; i < job->preamble.directives.len; i++)
        VEC_PUSH(job->arena, &list.directives, job->preamble.directives.data[i]);
    for (uint32_t i = 0; i < text->num_comments; i++)
        filecheck_add(job->arena, &list, text->comments[i].text, text->comments[i].pos);
    return list;
}

// The text with a mark before each line: '>' where the search went, '!' at what a `not:` found.
static Str show_search(const Job *job, Str text, const FilecheckFailure *failure)
{
    StrBuf out = {.arena = job->arena};
    buf_printf(&out, "searched, from the line marked '>' on:\n");
    for (size_t start = 0; start < text.len;) {
        size_t end = start;
        while (end < text.len && text.data[end] != '\n')
            end++;
        const bool hit =
            failure->size != 0 && start < failure->hit + failure->size && end >= failure->hit;
        const bool searched = failure->from <= end && start < failure->to;
        buf_printf(&out, "%c ", hit ? '!' : searched ? '>' : ' ');
        buf_str(&out, (Str){text.data + start, end - start});
        buf_char(&out, '\n');
        if (failure->from > start && failure->from <= end) {
            buf_puts(&out, "  ");
            for (size_t i = start; i < failure->from; i++)
                buf_char(&out, text.data[i] == '\t' ? '\t' : ' ');
            buf_puts(&out, "^ from here\n");
        }
        start = end + 1;
    }
    return buf_view(&out);
}

static void check_directives(Job *job, Result result, uint32_t func, Str text)
{
    const CheckList list = function_checks(job, func);
    Diag diag = {.arena = job->arena};
    FilecheckFailure failure;
    bool matched;
    if (filecheck_run(job->arena, &list, text, &job->file->source, &matched, &failure, &diag)) {
        job_fail_diag(job, result, &diag);
        return;
    }
    if (matched) {
        job_pass(job, result);
        return;
    }
    job_locate(job, &result, failure.directive->pos);
    result.text = str_printf(job->arena, "%s: %.*s", filecheck_name(failure.directive->kind),
                             STR_ARG(failure.directive->pattern));
    result.detail = show_search(job, text, &failure);
    job_fail(job, result, failure.message);
}

static void check_exactly(Job *job, Result result, uint32_t func, Str text)
{
    const Str expected = bless_expected(job, func);
    if (str_eq(expected, text)) {
        job_pass(job, result);
        return;
    }
    const Blessing blessing = {func, text};
    if (job->options->bless != BLESS_NO)
        VEC_PUSH(job->arena, &job->blessings, blessing);
    if (job->options->bless == BLESS_WRITE)
        return; // bless_file judges it
    if (job->options->bless == BLESS_DRY_RUN) {
        job_fail(job, result, STR("the output differs")); // the patch shows how
        return;
    }
    StrBuf diff = {.arena = job->arena};
    diff_lines(job->arena, expected, text, 3, &diff);
    result.detail = buf_view(&diff);
    job_fail(job, result, STR("the output differs (- expected, + got); --bless accepts it"));
}

void command_check_text(Job *job, const PlannedTest *test, uint32_t func, Str text)
{
    const Result result = job_result(job, test->command->name, func);
    if (test->precise)
        check_exactly(job, result, func, text);
    else
        check_directives(job, result, func, text);
}

// ---- cat ----

void command_cat(Job *job, const PlannedTest *test)
{
    for (uint32_t i = 0; i < job->file->module.funcs.len; i++) {
        const Result step = job_result(job, test->command->name, i);
        StrBuf text = {.arena = job->arena};
        job_step(job, &step);
        text_print_func(job->file->module.funcs.data[i], &text);
        command_check_text(job, test, i, buf_view(&text));
    }
}

// ---- print-cfg ----

static void print_cfg_block(const Func *f, Block block, StrBuf *out)
{
    const Inst last = f->blocks.data[block.i].last;
    buf_printf(out, "    block%u [shape=record, label=\"{", block.i);
    text_print_block_header(f, block, out);
    buf_char(out, '\n');
    if (last.i != NO_INDEX) {
        buf_printf(out, " | <inst%u>", last.i);
        text_print_inst(f, last, out);
        buf_char(out, '\n');
    }
    buf_puts(out, "}\"]\n");
}

static void print_cfg(Arena *arena, const Func *f, StrBuf *out)
{
    const Cfg cfg = cfg_compute(arena, f);
    buf_puts(out, "digraph \"");
    extname_print(&f->name, out);
    buf_puts(out, "\" {\n");
    if (f->first_block.i != NO_INDEX)
        buf_printf(out, "    {rank=min; block%u}\n", f->first_block.i);
    IR_FOR_BLOCKS (f, block) {
        print_cfg_block(f, block, out);
    }
    IR_FOR_BLOCKS (f, block) {
        for (uint32_t i = cfg.first[block.i]; i < cfg.first[block.i + 1]; i++)
            buf_printf(out, "    block%u:inst%u -> block%u\n", cfg.edges[i].block.i,
                       cfg.edges[i].inst.i, block.i);
    }
    buf_puts(out, "}\n");
}

void command_print_cfg(Job *job, const PlannedTest *test)
{
    for (uint32_t i = 0; i < job->file->module.funcs.len; i++) {
        const Result step = job_result(job, test->command->name, i);
        StrBuf text = {.arena = job->arena};
        job_step(job, &step);
        print_cfg(job->arena, job->file->module.funcs.data[i], &text);
        command_check_text(job, test, i, buf_view(&text));
    }
}

// ---- domtree ----

// The children of each block in the dominator tree, in reverse post-order, as lists by block.
typedef struct Children {
    uint32_t *first, *next; // NO_INDEX: none
} Children;

static Children find_children(Arena *arena, const Func *f, const DomTree *tree)
{
    const uint32_t n = f->blocks.len;
    const Children c = {ARENA_ARRAY(arena, uint32_t, n), ARENA_ARRAY(arena, uint32_t, n)};
    memset(c.first, 0xff, sizeof(uint32_t) * n);
    memset(c.next, 0xff, sizeof(uint32_t) * n);
    for (uint32_t i = 0; i < tree->num_reachable; i++) {
        const Block block = tree->postorder[i];
        const Block parent = tree->idom[block.i];
        if (parent.i == NO_INDEX)
            continue;
        c.next[block.i] = c.first[parent.i]; // pushed in front: the last one in post-order leads
        c.first[parent.i] = block.i;
    }
    return c;
}

// The block after `block` in pre-order, given the tree: its first child, or the next sibling of the
// nearest ancestor that has one.
static uint32_t next_in_preorder(const DomTree *tree, const Children *children, uint32_t block)
{
    if (children->first[block] != NO_INDEX)
        return children->first[block];
    while (block != NO_INDEX && children->next[block] == NO_INDEX)
        block = tree->idom[block].i;
    return block == NO_INDEX ? NO_INDEX : children->next[block];
}

static void print_domtree(Arena *arena, const Func *f, const DomTree *tree, StrBuf *out)
{
    buf_puts(out, "cfg_postorder:");
    for (uint32_t i = 0; i < tree->num_reachable; i++)
        buf_printf(out, " block%u", tree->postorder[i].i);
    buf_puts(out, "\ndomtree_preorder {\n");
    const Children children = find_children(arena, f, tree);
    for (uint32_t b = f->first_block.i; b != NO_INDEX; b = next_in_preorder(tree, &children, b)) {
        buf_printf(out, "    block%u:", b);
        for (uint32_t c = children.first[b]; c != NO_INDEX; c = children.next[c])
            buf_printf(out, " block%u", c);
        buf_char(out, '\n');
    }
    buf_puts(out, "}\n");
}

// The `dominates:` annotations of a function.
typedef struct Claims {
    const Job *job;
    const Func *func;
    const DomTree *tree;
    uint32_t *dominator; // by block: which one is said to dominate it; NO_INDEX: nothing is said
} Claims;

// Reads the number of a word such as "block7"; NO_INDEX when it names no block of `f`.
static uint32_t parse_block(const Func *f, Str word)
{
    uint64_t number = 0;
    if (!str_starts_with(word, STR("block")) || word.len == 5 || word.len > 14)
        return NO_INDEX;
    for (size_t i = 5; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9')
            return NO_INDEX;
        number = number * 10 + (uint64_t)(word.data[i] - '0');
    }
    return number < f->blocks.len && f->blocks.data[number].inserted ? (uint32_t)number : NO_INDEX;
}

// Judges one word of an annotation that stands at an instruction of `dominator`. Returns what is
// wrong, or the empty slice.
static Str check_claim(const Claims *claims, Block dominator, Str word)
{
    Arena *const arena = claims->job->arena;
    const uint32_t block = parse_block(claims->func, word);
    if (block == NO_INDEX)
        return str_printf(arena, "there is no %.*s", STR_ARG(word));
    if (claims->dominator[block] != NO_INDEX)
        return str_printf(arena, "block%u is named by two annotations", block);
    claims->dominator[block] = dominator.i;
    const uint32_t idom = claims->tree->idom[block].i;
    if (idom == NO_INDEX)
        return str_printf(arena, "block%u %s", block,
                          domtree_is_reachable(claims->tree, (Block){block}) ? "is the entry block"
                                                                             : "is unreachable");
    if (idom != dominator.i)
        return str_printf(arena, "the immediate dominator of block%u is block%u, not block%u",
                          block, idom, dominator.i);
    return (Str){"", 0};
}

// Judges the `dominates:` annotations of a comment.
static Str check_claims(const Claims *claims, const Comment *comment, Str blocks)
{
    if (comment->at.kind != ENTITY_INST)
        return STR("'dominates:' must stand at an instruction");
    const Block dominator = claims->func->nodes.data[comment->at.index].block;
    while (blocks.len != 0) {
        size_t len = 0;
        while (len < blocks.len && blocks.data[len] != ' ' && blocks.data[len] != '\t')
            len++;
        const Str wrong = check_claim(claims, dominator, (Str){blocks.data, len});
        if (wrong.len != 0)
            return wrong;
        blocks = str_trim((Str){blocks.data + len, blocks.len - len});
    }
    return (Str){"", 0};
}

// Whether the annotations hold and name every reachable block but the entry; else emits a failure.
static bool check_dominates(Job *job, const PlannedTest *test, uint32_t func, const DomTree *tree)
{
    const Func *const f = job->file->module.funcs.data[func];
    const FuncText *const text = &job->file->texts.data[func];
    const Claims claims = {job, f, tree, ARENA_ARRAY(job->arena, uint32_t, f->blocks.len)};
    memset(claims.dominator, 0xff, sizeof(uint32_t) * f->blocks.len);
    Result result = job_result(job, test->command->name, func);
    for (uint32_t i = 0; i < text->num_comments; i++) {
        Str blocks;
        if (!comment_directive(text->comments[i].text, "dominates", &blocks))
            continue;
        const Str wrong = check_claims(&claims, &text->comments[i], blocks);
        if (wrong.len == 0)
            continue;
        job_locate(job, &result, text->comments[i].pos);
        job_fail(job, result, wrong);
        return false;
    }
    IR_FOR_BLOCKS (f, block) {
        if (tree->idom[block.i].i == NO_INDEX || claims.dominator[block.i] != NO_INDEX)
            continue;
        job_locate(job, &result, f->blocks.data[block.i].pos);
        job_fail(job, result,
                 str_printf(job->arena, "no annotation says that block%u dominates block%u",
                            tree->idom[block.i].i, block.i));
        return false;
    }
    return true;
}

void command_domtree(Job *job, const PlannedTest *test)
{
    for (uint32_t i = 0; i < job->file->module.funcs.len; i++) {
        const Func *const f = job->file->module.funcs.data[i];
        const Result step = job_result(job, test->command->name, i);
        if (job->invalid[i])
            continue;
        job_step(job, &step);
        const Cfg cfg = cfg_compute(job->arena, f);
        const DomTree tree = domtree_compute(job->arena, f, &cfg);
        if (!check_dominates(job, test, i, &tree))
            continue;
        StrBuf text = {.arena = job->arena};
        print_domtree(job->arena, f, &tree, &text);
        command_check_text(job, test, i, buf_view(&text));
    }
}
