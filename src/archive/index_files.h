/*
 * index_files.h - where the index of a WARC file lies: NAME.cdxj beside
 * NAME.warc.gz, or index.cdxj in its directory.
 *
 * Thread rule: no state.
 */
#ifndef FETCHGREP_ARCHIVE_INDEX_FILES_H
#define FETCHGREP_ARCHIVE_INDEX_FILES_H

/* Paths on the heap, NULL without memory. Free them. */
char *index_file_own(const char *warc);
char *index_file_common(const char *warc);

/* "name" in the directory of `path`. Free it. */
char *index_file_beside(const char *path, const char *name);

/* The file's name as an index has it; borrowed from `warc`. */
const char *index_file_name(const char *warc);

#endif
