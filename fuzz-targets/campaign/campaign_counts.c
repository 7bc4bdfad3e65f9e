// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines of statistics, and sums of them.

#include "fuzz-targets/campaign/campaign_internal.h"

#include <jansson.h>

static const char *const number_names[CAMPAIGN_NUMBERS] = {
#define CAMPAIGN_NUMBER(NAME, name) [CAMPAIGN_##NAME] = #name,
#include "fuzz-targets/campaign/numbers.def"
};

// ---- Sets ----

static uint32_t hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
           : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                                  : 0;
}

// The set called `name`, made when it is not there; NULL when there are too many.
static CampaignSet *get_set(CampaignCounts *counts, const char *name)
{
    for (uint32_t i = 0; i < counts->num_sets; i++)
        if (strcmp(counts->sets[i].name, name) == 0)
            return &counts->sets[i];
    if (counts->num_sets == CAMPAIGN_SETS_MAX || strlen(name) >= CAMPAIGN_NAME_SIZE)
        return NULL;
    CampaignSet *const set = &counts->sets[counts->num_sets++];
    *set = (CampaignSet){.total = 0};
    memcpy(set->name, name, strlen(name) + 1);
    return set;
}

static void read_set(const char *name, const json_t *object, CampaignCounts *out)
{
    const json_int_t total = json_integer_value(json_object_get(object, "total"));
    const char *const seen = json_string_value(json_object_get(object, "seen"));
    CampaignSet *const set =
        seen && total > 0 && total <= CAMPAIGN_BITS_MAX ? get_set(out, name) : NULL;
    if (!set)
        return;
    set->total = (uint32_t)total;
    for (size_t i = 0; seen[i] != '\0' && i < CAMPAIGN_BITS_MAX / 4; i++)
        set->bits[i / 2] |= (uint8_t)(hex_digit(seen[i]) << i % 2 * 4);
}

uint32_t campaign_set_count(const CampaignSet *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->total; i++)
        count += (uint32_t)(set->bits[i / 8] >> i % 8) & 1u;
    return count;
}

const CampaignSet *campaign_find_set(const CampaignCounts *counts, const char *name)
{
    for (uint32_t i = 0; i < counts->num_sets; i++)
        if (strcmp(counts->sets[i].name, name) == 0)
            return &counts->sets[i];
    return NULL;
}

// ---- Lines ----

bool campaign_read_line(Str line, CampaignCounts *out, uint32_t *group)
{
    json_t *const object = json_loadb(line.data, line.len, 0, NULL);
    const char *name;
    const json_t *value;
    *out = (CampaignCounts){.seconds = 0};
    if (!json_is_object(object)) {
        json_decref(object);
        return false;
    }
    for (uint32_t i = 0; i < CAMPAIGN_NUMBERS; i++)
        out->numbers[i] = (uint64_t)json_integer_value(json_object_get(object, number_names[i]));
    out->seconds = json_number_value(json_object_get(object, "seconds"));
    const json_int_t number = json_integer_value(json_object_get(object, "group"));
    *group = number >= 0 && number < CAMPAIGN_GROUPS_MAX ? (uint32_t)number : 0;
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        name = json_object_iter_key(at);
        value = json_object_iter_value(at);
        if (json_is_object(value))
            read_set(name, value, out);
    }
    json_decref(object);
    return true;
}

void campaign_add(CampaignCounts *to, const CampaignCounts *from)
{
    for (uint32_t i = 0; i < CAMPAIGN_NUMBERS; i++)
        to->numbers[i] += from->numbers[i];
    to->seconds += from->seconds;
    to->edges = from->edges > to->edges ? from->edges : to->edges;
    for (uint32_t i = 0; i < from->num_sets; i++) {
        CampaignSet *const set = get_set(to, from->sets[i].name);
        if (!set)
            continue;
        set->total = from->sets[i].total;
        for (size_t k = 0; k < sizeof(set->bits); k++)
            set->bits[k] |= from->sets[i].bits[k];
    }
}
