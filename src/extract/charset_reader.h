/*
 * charset_reader.h - what a worker keeps from page to page: tables and the
 * detector, each made when it is first needed.
 */
#ifndef FETCHGREP_EXTRACT_CHARSET_READER_H
#define FETCHGREP_EXTRACT_CHARSET_READER_H

#include "charset_parts.h"

struct uchardet; /* the library's */

struct charset_reader {
    uint32_t *indexes[INDEX_COUNT];
    enum charset_result why_not[INDEX_COUNT]; /* NO_CONVERTER: do not try */
    struct uchardet *detector;
};

void charset_detector_free(struct uchardet *detector);

#endif
