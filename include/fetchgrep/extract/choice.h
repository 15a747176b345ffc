/*
 * choice.h - which pages are looked at, by media type and URL (--mime,
 * --url-pattern).
 *
 * Thread rule: a choice is const once it is made; a chooser belongs to one
 * worker.
 */
#ifndef FETCHGREP_EXTRACT_CHOICE_H
#define FETCHGREP_EXTRACT_CHOICE_H

#include "fetchgrep/base/error.h"
#include "fetchgrep/base/view.h"

struct choice;

struct choice_options {
    /* Media types, commas between them: `*` stands for anything, and what ends
     * in a slash for all that begins so. Any of them will do. */
    const char *const *mimes;
    size_t mime_count;
    /* PCRE2 expressions that match somewhere in the URL; any will do. */
    const char *const *url_regexes;
    size_t url_regex_count;
};

/* Without options all pages are chosen. ERR_USAGE for a faulty one. */
struct choice *choice_new(const struct choice_options *options,
                          struct error *err);
void choice_free(struct choice *choice);

/* Whether --mime was given: media types need not be found out otherwise. */
bool choice_asks_mime(const struct choice *choice);

/* Any case; an unknown type is empty, and matched by "*" alone. */
bool choice_has_mime(const struct choice *choice, struct view mime);

/* The media type that a page file's name tells by its ending, or empty. */
struct view choice_mime_of_name(struct view name);

struct chooser;

struct chooser *chooser_new(const struct choice *choice, struct error *err);
void chooser_free(struct chooser *chooser);

/* False with the machine only. A URL at which an expression runs into a limit
 * is chosen: nothing is left aside unseen. */
bool chooser_has_url(struct chooser *chooser, struct view url, bool *ret_has,
                     struct error *err) MUST_CHECK;

#endif
