/*
 * file_start.h - what an archive file is, by its first bytes: how it is packed,
 * and which form its records have. Its name does not count.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_FILE_START_H
#define FETCHGREP_ARCHIVE_FILE_START_H

#include "record_form.h"
#include "unpacker.h"

/* False for a file that begins with junk: more of it tells what it goes on
 * as. */
bool file_start_is_known(struct view start);

enum packing file_start_packing(struct view start);

/* The form of the records in a file that is packed so; ANY when its first bytes
 * do not tell. */
enum record_form file_start_form(struct unpacker *unpacker, struct view start);

/* The form of the record that begins the member that begins `packed`, ANY where
 * none does. Only `form` is looked for unless it is ANY. */
enum record_form member_form(struct unpacker *unpacker, enum record_form form,
                             struct view packed);

#endif
