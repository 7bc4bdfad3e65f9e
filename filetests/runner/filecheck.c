// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matching a text against filecheck directives.
//
// Two positions walk through the text: `ordered`, the end of the last ordered match (check, sameln,
// nextln), and `furthest`, the end of the furthest match of any kind. A `not:` waits until the next
// ordered match tells where its range ends. A range is searched as a text of its own: word
// boundaries and anchors hold at its ends.

#include "filetests/runner/filecheck.h"

#include <regex.h>

static const char *const directive_names[DIRECTIVE_COUNT] = {
#define CHECK_DIRECTIVE(NAME, name) name,
#include "filetests/runner/checkdirectives.def"
};

const char *filecheck_name(DirectiveKind kind)
{
    return directive_names[kind];
}

// ---- Reading directives ----

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The directive whose keyword, colon and blank start at text[at].
static DirectiveKind directive_at(Str text, size_t at)
{
    const Str rest = {text.data + at, text.len - at};
    for (int kind = 0; kind < DIRECTIVE_COUNT; kind++) {
        const Str name = str_from(directive_names[kind]);
        if (str_starts_with(rest, name) && rest.len > name.len + 1 && rest.data[name.len] == ':' &&
            is_blank(rest.data[name.len + 1]))
            return (DirectiveKind)kind;
    }
    return DIRECTIVE_COUNT;
}

bool filecheck_add(Arena *arena, CheckList *list, Str text, uint32_t pos)
{
    for (size_t at = 0; at < text.len; at++) {
        if (!is_word(text.data[at]) || (at != 0 && is_word(text.data[at - 1])))
            continue;
        const DirectiveKind kind = directive_at(text, at);
        if (kind == DIRECTIVE_COUNT)
            continue;
        const size_t skip = at + strlen(directive_names[kind]) + 1;
        const Str pattern = str_trim((Str){text.data + skip, text.len - skip});
        VEC_PUSH(arena, &list->directives, ((CheckDirective){kind, pattern, pos + (uint32_t)at}));
        return true;
    }
    return false;
}

// ---- Matching ----

typedef struct Variable {
    Str name, value;
    bool is_regex;
    size_t offset; // from where on the variable is known
} Variable;

typedef struct PendingNot {
    const CheckDirective *directive;
    regex_t regex;
    size_t from;
} PendingNot;

typedef struct Matcher {
    Arena *arena;
    Str text;
    size_t ordered, furthest;
    VEC(Variable) variables;
    VEC(PendingNot) nots;
    Source *source;
    Diag *diag;
    FilecheckFailure *failure;
} Matcher;

typedef struct Range {
    size_t from, to;
} Range;

// A compiled pattern: `groups` maps the definitions to groups of the expression.
typedef struct Compiled {
    regex_t regex;
    uint32_t num_groups;
    VEC(uint32_t) groups; // by definition, in order of the parts
} Compiled;

static Status directive_error(Matcher *m, const CheckDirective *d, size_t at, Str message)
{
    const uint32_t offset = m->source ? (uint32_t)(d->pattern.data - m->source->text.data) : 0;
    const bool inside =
        m->source && d->pattern.data >= m->source->text.data && offset + at <= m->source->text.len;
    return diag_error(m->diag, STATUS_SYNTAX, m->source, inside ? offset + (uint32_t)at : d->pos,
                      "in %s: %.*s", directive_names[d->kind], STR_ARG(message));
}

static Variable *find_variable(Matcher *m, Str name)
{
    for (uint32_t i = 0; i < m->variables.len; i++)
        if (str_eq(m->variables.data[i].name, name))
            return &m->variables.data[i];
    return NULL;
}

static void set_variable(Matcher *m, Variable variable)
{
    Variable *const old = find_variable(m, variable.name);
    if (old)
        *old = variable;
    else
        VEC_PUSH(m->arena, &m->variables, variable);
}

// Appends the expression of one part.
static Status part_regex(Matcher *m, const CheckDirective *d, const PatternPart *part, Compiled *c,
                         StrBuf *out)
{
    Str regex = part->text, error;
    size_t where = 0;
    const size_t at = part->text.data ? (size_t)(part->text.data - d->pattern.data) : 0;
    if (part->kind == PART_TEXT) {
        filecheck_escape(part->text, out);
        return STATUS_OK;
    }
    bool literal = false;
    if (part->kind == PART_VAR) {
        const Variable *const variable = find_variable(m, part->text);
        if (!variable)
            return directive_error(
                m, d, at, str_printf(m->arena, "$%.*s is not defined", STR_ARG(part->text)));
        regex = variable->value;
        literal = !variable->is_regex;
    }
    buf_char(out, '(');
    c->num_groups++;
    if (part->def.len != 0)
        VEC_PUSH(m->arena, &c->groups, c->num_groups);
    if (literal)
        filecheck_escape(regex, out);
    else if (filecheck_translate(m->arena, regex, out, &c->num_groups, &error, &where))
        return directive_error(m, d, part->kind == PART_REGEX ? at + where : at, error);
    buf_char(out, ')');
    return STATUS_OK;
}

static bool is_alphanumeric(char c)
{
    return is_word(c) && c != '_';
}

// Compiles a pattern with the values that the variables have now. The caller frees the regex.
static Status compile(Matcher *m, const CheckDirective *d, const Pattern *pattern, Compiled *out)
{
    StrBuf regex = {.arena = m->arena};
    const uint32_t count = pattern->parts.len;
    for (uint32_t i = 0; i < count; i++) {
        const PatternPart *const part = &pattern->parts.data[i];
        const bool text = part->kind == PART_TEXT && part->text.len != 0;
        if (i == 0 && text && is_alphanumeric(part->text.data[0]))
            buf_puts(&regex, "\\b");
        TRY(part_regex(m, d, part, out, &regex));
        if (i + 1 == count && text && is_alphanumeric(part->text.data[part->text.len - 1]))
            buf_puts(&regex, "\\b");
    }
    if (regex.len == 0)
        buf_puts(&regex, "()"); // regcomp takes no empty expression everywhere
    buf_char(&regex, '\0');
    const int code = regcomp(&out->regex, regex.data, REG_EXTENDED | REG_NEWLINE);
    if (code == 0)
        return STATUS_OK;
    char message[128];
    regerror(code, &out->regex, message, sizeof(message));
    return directive_error(m, d, 0, str_printf(m->arena, "%s", message));
}

// Searches text[from, to) for the expression; groups are offsets into the whole text.
static bool search(const Matcher *m, const regex_t *regex, Range range, regmatch_t *groups,
                   size_t num_groups)
{
    const char *const start = m->text.data + range.from;
    groups[0] = (regmatch_t){0, (regoff_t)(range.to - range.from)};
    if (regexec(regex, start, num_groups, groups, REG_STARTEND) != 0)
        return false;
    for (size_t i = 0; i < num_groups; i++) {
        if (groups[i].rm_so >= 0) {
            groups[i].rm_so += (regoff_t)range.from;
            groups[i].rm_eo += (regoff_t)range.from;
        }
    }
    return true;
}

static size_t next_line(const Matcher *m, size_t pos)
{
    while (pos < m->text.len && m->text.data[pos] != '\n')
        pos++;
    return pos < m->text.len ? pos + 1 : pos;
}

// Where an unordered directive may match: behind the last ordered match and behind the definition
// of every variable that it uses.
static size_t unordered_start(Matcher *m, const Pattern *pattern)
{
    size_t from = m->ordered;
    for (uint32_t i = 0; i < pattern->parts.len; i++) {
        const PatternPart *const part = &pattern->parts.data[i];
        const Variable *const variable =
            part->kind == PART_VAR ? find_variable(m, part->text) : NULL;
        if (variable && variable->offset > from)
            from = variable->offset;
    }
    return from;
}

static Range directive_range(Matcher *m, const CheckDirective *d, const Pattern *pattern)
{
    const size_t line = d->kind == DIRECTIVE_NEXTLN ? next_line(m, m->furthest) : m->furthest;
    switch (d->kind) {
    case DIRECTIVE_CHECK: return (Range){m->furthest, m->text.len};
    case DIRECTIVE_SAMELN:
    case DIRECTIVE_NEXTLN: return (Range){line, next_line(m, line)};
    case DIRECTIVE_UNORDERED:
    case DIRECTIVE_NOT:
    case DIRECTIVE_REGEX:
    case DIRECTIVE_COUNT: return (Range){unordered_start(m, pattern), m->text.len};
    }
    UNREACHABLE();
}

static bool fail(Matcher *m, const CheckDirective *d, Range range, Str message)
{
    *m->failure = (FilecheckFailure){d, message, range.from, range.to, range.to, 0};
    return false;
}

// Checks the waiting `not:`s up to `end`, where the next ordered match begins.
static bool check_nots(Matcher *m, size_t end)
{
    for (uint32_t i = 0; i < m->nots.len; i++) {
        PendingNot *const not = &m->nots.data[i];
        const Range range = {not ->from, end > not ->from ? end : not ->from};
        regmatch_t hit[1];
        if (!search(m, &not ->regex, range, hit, 1))
            continue;
        fail(m, not ->directive, range, STR("found what must not be there"));
        m->failure->hit = (size_t)hit[0].rm_so;
        m->failure->size = (size_t)(hit[0].rm_eo - hit[0].rm_so);
        return false;
    }
    return true;
}

static void drop_nots(Matcher *m)
{
    for (uint32_t i = 0; i < m->nots.len; i++)
        regfree(&m->nots.data[i].regex);
    m->nots.len = 0;
}

static void define_variables(Matcher *m, const Pattern *pattern, const Compiled *compiled,
                             const regmatch_t *groups)
{
    uint32_t def = 0;
    for (uint32_t i = 0; i < pattern->parts.len; i++) {
        if (pattern->parts.data[i].def.len == 0)
            continue;
        const regmatch_t group = groups[compiled->groups.data[def++]];
        Variable variable = {pattern->parts.data[i].def, {"", 0}, false, (size_t)groups[0].rm_eo};
        if (group.rm_so >= 0)
            variable.value = (Str){m->text.data + group.rm_so, (size_t)(group.rm_eo - group.rm_so)};
        set_variable(m, variable);
    }
}

// Matches a directive that must be found. Sets *matched.
static Status match_positive(Matcher *m, const CheckDirective *d, const Pattern *pattern,
                             bool *matched)
{
    Compiled compiled = {.num_groups = 0};
    const Range range = directive_range(m, d, pattern);
    TRY(compile(m, d, pattern, &compiled));
    regmatch_t *const groups = ARENA_ARRAY(m->arena, regmatch_t, compiled.num_groups + 1);
    *matched = search(m, &compiled.regex, range, groups, compiled.num_groups + 1);
    regfree(&compiled.regex);
    if (!*matched) {
        fail(m, d, range,
             range.from == m->text.len && d->kind == DIRECTIVE_NEXTLN ? STR("there is no next line")
                                                                      : STR("not found"));
        return STATUS_OK;
    }
    const size_t start = (size_t)groups[0].rm_so, end = (size_t)groups[0].rm_eo;
    define_variables(m, pattern, &compiled, groups);
    if (d->kind == DIRECTIVE_UNORDERED) {
        m->furthest = end > m->furthest ? end : m->furthest;
        return STATUS_OK;
    }
    m->ordered = m->furthest = end;
    *matched = check_nots(m, start);
    drop_nots(m);
    return STATUS_OK;
}

static Status add_not(Matcher *m, const CheckDirective *d, const Pattern *pattern)
{
    for (uint32_t i = 0; i < pattern->parts.len; i++)
        if (pattern->parts.data[i].def.len != 0)
            return directive_error(m, d, 0, STR("a not: can't define variables"));
    Compiled compiled = {.num_groups = 0};
    TRY(compile(m, d, pattern, &compiled));
    const PendingNot pending = {d, compiled.regex, unordered_start(m, pattern)};
    VEC_PUSH(m->arena, &m->nots, pending);
    return STATUS_OK;
}

static Status add_regex(Matcher *m, const CheckDirective *d)
{
    const size_t len = filecheck_name_length(d->pattern);
    if (len == 0)
        return directive_error(m, d, 0, STR("expected NAME=EXPRESSION"));
    if (len == d->pattern.len || d->pattern.data[len] != '=')
        return directive_error(m, d, len, STR("expected '=' behind the name"));
    const Str value = {d->pattern.data + len + 1, d->pattern.len - len - 1};
    set_variable(m, (Variable){{d->pattern.data, len}, value, true, 0});
    return STATUS_OK;
}

static Status run_directive(Matcher *m, const CheckDirective *d, bool *matched)
{
    if (d->kind == DIRECTIVE_REGEX)
        return add_regex(m, d);
    Pattern pattern = {{0}};
    Str error;
    size_t where;
    if (filecheck_parse_pattern(m->arena, d->pattern, &pattern, &error, &where))
        return directive_error(m, d, where, error);
    if (d->kind == DIRECTIVE_NOT)
        return add_not(m, d, &pattern);
    return match_positive(m, d, &pattern, matched);
}

Status filecheck_run(Arena *arena, const CheckList *list, Str text, Source *source, bool *matched,
                     FilecheckFailure *failure, Diag *diag)
{
    // The copy ends with a NUL, which regexec does not need but ASan's wrapper of it looks for.
    Matcher m = {.arena = arena,
                 .text = str_copy(arena, text),
                 .source = source,
                 .diag = diag,
                 .failure = failure};
    Status status = STATUS_OK;
    *matched = true;
    for (uint32_t i = 0; i < list->directives.len && *matched && status == STATUS_OK; i++)
        status = run_directive(&m, &list->directives.data[i], matched);
    if (status == STATUS_OK && *matched)
        *matched = check_nots(&m, text.len);
    drop_nots(&m);
    return status;
}
