/*
 * page.h - the page that the fault server sends: lines of 64 bytes, each a
 * function of its number, so that a page of any length needs no memory and a
 * test can say how many matches it holds.
 *
 *   line 0   <!DOCTYPE html><title>page of N bytes</title>
 *   line 1   <meta name="generator" content="fault_server">
 *   line k   <p>line K <a href="http://hK.example/">K</a></p>
 */
#ifndef TESTS_SERVER_FAULT_PAGE_H
#define TESTS_SERVER_FAULT_PAGE_H

#include "bytes.h"

enum { PAGE_LINE = 64 };

static void page_line(uint64_t number, uint64_t page_size,
                      char line[PAGE_LINE + 1])
{
    unsigned long long k = number;
    char text[PAGE_LINE + 64];
    if (number == 0)
        snprintf(text, sizeof(text),
                 "<!DOCTYPE html><title>page of %llu bytes</title>",
                 (unsigned long long)page_size);
    else if (number == 1)
        snprintf(text, sizeof(text),
                 "<meta name=\"generator\" content=\"fault_server\">");
    else
        snprintf(text, sizeof(text),
                 "<p>line %llu <a href=\"http://h%llu.example/\">%llu</a></p>",
                 k, k, k);
    snprintf(line, PAGE_LINE + 1, "%-63.63s\n", text);
}

/* Writes bytes `offset`... of the page; returns how many, at most `capacity`
 * and never past the page's end. */
static size_t page_read(uint64_t page_size, uint64_t offset, char *out,
                        size_t capacity)
{
    size_t size = 0;
    char line[PAGE_LINE + 1];
    while (size < capacity && offset < page_size) {
        page_line(offset / PAGE_LINE, page_size, line);
        size_t from = (size_t)(offset % PAGE_LINE);
        size_t part = PAGE_LINE - from;
        if (part > capacity - size)
            part = capacity - size;
        if (part > page_size - offset)
            part = (size_t)(page_size - offset);
        memcpy(out + size, line + from, part);
        size += part;
        offset += part;
    }
    return size;
}

static void page_add(struct bytes *out, size_t page_size)
{
    page_read(page_size, 0, bytes_room(out, page_size), page_size);
    out->size += page_size;
}

#endif
