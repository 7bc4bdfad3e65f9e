// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One process of a fuzz target: started, listened to, and waited for.
//
// Its lines are statistics (JSON, or libFuzzer's "#N ... cov: N ...") or text; of the text the end
// is kept, which says what was found when it stops.

#include "fuzz-targets/campaign/campaign_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)1 << 20)

double campaign_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// ---- Start ----

static NORETURN void become(const char *const *arguments, const char *const *environment,
                            int output)
{
    dup2(output, 1);
    dup2(output, 2);
    for (uint32_t i = 0; environment[i]; i += 2)
        setenv(environment[i], environment[i + 1], 1);
    // execv does not change its arguments.
    char *list[64] = {NULL};
    for (uint32_t i = 0; arguments[i] && i < 63; i++)
        memcpy(&list[i], &arguments[i], sizeof(list[i]));
    execv(list[0], list);
    _exit(127);
}

bool campaign_start(CampaignProcess *p, const char *const *arguments,
                    const char *const *environment)
{
    int ends[2];
    arena_reset(&p->arena);
    p->text = (StrBuf){.arena = &p->arena};
    p->line = STR("");
    p->status_inputs = p->status_edges = 0;
    memset(p->groups, 0, sizeof(p->groups));
    p->started = campaign_clock();
    if (pipe(ends) != 0)
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    p->pid = fork();
    if (p->pid == 0) {
        setpgid(0, 0);
        become(arguments, environment, ends[1]);
    }
    close(ends[1]);
    p->output = ends[0];
    if (p->pid > 0)
        return true;
    close(ends[0]);
    p->pid = 0;
    return false;
}

// ---- Lines ----

static uint64_t number_behind(Str line, const char *word)
{
    const size_t at = str_find(line, str_from(word)), len = strlen(word);
    return at == SIZE_MAX || at + len == line.len ? 0 : strtoull(line.data + at + len, NULL, 10);
}

static bool is_status(Str line)
{
    return line.len > 1 && line.data[0] == '#' && line.data[1] >= '0' && line.data[1] <= '9' &&
           number_behind(line, " cov: ") != 0;
}

// Takes in the line that the text ends with, behind `start`; statistics are taken off the text.
static void end_line(CampaignProcess *p, size_t start)
{
    buf_char(&p->text, '\0');
    const Str line = {p->text.data + start, p->text.len - 1 - start};
    CampaignCounts counts;
    uint32_t group;
    if (is_status(line)) {
        p->status_inputs = strtoull(line.data + 1, NULL, 10);
        p->status_edges = number_behind(line, " cov: ");
        p->text.len = start;
    } else if (line.len != 0 && line.data[0] == '{' && campaign_read_line(line, &counts, &group)) {
        p->groups[group] = counts;
        p->text.len = start;
    } else {
        p->text.data[p->text.len - 1] = '\n';
    }
}

static void cut_text(CampaignProcess *p)
{
    if (p->text.len <= TEXT_MAX)
        return;
    memmove(p->text.data, p->text.data + p->text.len - TEXT_MAX / 2, TEXT_MAX / 2);
    p->text.len = TEXT_MAX / 2;
}

static void take_in(CampaignProcess *p, Str part)
{
    size_t start = p->text.len - p->line.len;
    for (size_t i = 0; i < part.len; i++) {
        if (part.data[i] != '\n') {
            buf_char(&p->text, part.data[i]);
            continue;
        }
        end_line(p, start);
        start = p->text.len;
    }
    p->line.len = p->text.len - start;
    if (p->line.len == 0)
        cut_text(p);
    else if (p->line.len > TEXT_MAX)
        p->text.len = p->line.len = 0; // no line of anything that is worth keeping
}

bool campaign_listen(CampaignProcess *p)
{
    char part[16384];
    for (;;) {
        const ssize_t n = read(p->output, part, sizeof(part));
        if (n > 0)
            take_in(p, (Str){part, (size_t)n});
        else if (n == 0)
            return false;
        else if (errno != EINTR)
            return errno == EAGAIN || errno == EWOULDBLOCK;
    }
}

// ---- End ----

int campaign_reap(CampaignProcess *p)
{
    int status = 0;
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(p->output);
    p->pid = 0;
    return status;
}

void campaign_process_counts(const CampaignProcess *p, double seconds, CampaignCounts *out)
{
    *out = (CampaignCounts){.seconds = 0};
    for (uint32_t i = 0; i < CAMPAIGN_GROUPS_MAX; i++)
        campaign_add(out, &p->groups[i]);
    out->seconds = seconds;
    out->edges = p->status_edges;
    uint64_t *const inputs = &out->numbers[CAMPAIGN_INPUTS];
    *inputs = p->status_inputs > *inputs ? p->status_inputs : *inputs;
    if (out->numbers[CAMPAIGN_CASES] > *inputs)
        *inputs = out->numbers[CAMPAIGN_CASES];
}
