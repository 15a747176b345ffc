/*
 * record_form.h - the two forms of records that archives are made of: WARC
 * (warc_header.h) and its elder, ARC (arc_header.h).
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_RECORD_FORM_H
#define FETCHGREP_ARCHIVE_RECORD_FORM_H

#include "fetchgrep/archive/warc_read.h"

enum record_form {
    RECORD_FORM_ANY, /* not known yet: the first record decides for a file */
    RECORD_FORM_WARC,
    RECORD_FORM_ARC,
};

/* The longest line that can begin a record, with its end; of a record whose
 * form is known not to be ARC the version line. */
enum { RECORD_LINE_MAX = 32 << 10, RECORD_VERSION_LINE_MAX = 16 };

/* The form of the record that begins here, ANY when none does. Its first line
 * must be there whole. `form` unless ANY is the only one to look for. */
enum record_form record_form_at(enum record_form form, struct view bytes);

/* The same where a record should begin, at a member's beginning or behind the
 * record before: less is asked for. */
enum record_form record_form_begins(enum record_form form, struct view bytes);

/* The first place from `at` on and before `end` that may be a record's
 * beginning; `end` when there is none. */
size_t record_form_next(enum record_form form, struct view bytes, size_t at,
                        size_t end);

/* The length of a header of this form, 0 when it has no end here. */
size_t record_header_size(enum record_form form, struct view bytes);

/* Fills what the record's `header` says; false without a usable length. */
bool record_header_read(enum record_form form, struct warc_record *record,
                        uint64_t *ret_length);

#endif
