#include "cutting.h"

#include "cut_hints.h"

void cutting_begin(struct cutting *cutting, char *path, uint64_t size,
                   uint64_t part_size)
{
    /* The last part may be half as long again. */
    uint64_t count = size / part_size + (size % part_size > part_size / 2);
    *cutting = (struct cutting){
        .path = path,
        .part_size = part_size,
        .part_count = count ? count : 1,
    };
    if (count > 1)
        cutting->hints =
            cut_hints_load(path, size, part_size, &cutting->hint_count);
}

/* Where a part begins: somewhere in the stretch that has its number. */
static uint64_t cut_at(const struct cutting *cutting, uint64_t number)
{
    if (number > 0 && number < cutting->hint_count &&
        cutting->hints[number] != WARC_NOWHERE)
        return cutting->hints[number];
    return number * cutting->part_size;
}

bool cutting_is_over(const struct cutting *cutting)
{
    return cutting->next_part == cutting->part_count;
}

bool cutting_next(struct cutting *cutting, struct warc_part *ret_part)
{
    if (cutting_is_over(cutting))
        return false;
    uint64_t number = cutting->next_part++;
    *ret_part = (struct warc_part){
        .from = cut_at(cutting, number),
        .end = cutting_is_over(cutting) ? WARC_NOWHERE
                                        : cut_at(cutting, number + 1),
        .is_exact = number == 0,
    };
    return true;
}

void cutting_end(struct cutting *cutting)
{
    free(cutting->path);
    free(cutting->hints);
    *cutting = (struct cutting){ 0 };
}
