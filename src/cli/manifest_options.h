/*
 * manifest_options.h - the options that say how manifests are read:
 * --manifest-format, --url-field, --no-header, --keep.
 */
#ifndef FETCHGREP_CLI_MANIFEST_OPTIONS_H
#define FETCHGREP_CLI_MANIFEST_OPTIONS_H

#include "options.h"

#include "fetchgrep/base/buf.h"
#include "fetchgrep/manifest/manifest.h"

/* Borrows from `raw`, and owns the names of --keep. */
bool manifest_options_set(struct manifest_options *options,
                          const struct raw_options *raw,
                          struct error *err) MUST_CHECK;
void manifest_options_release(struct manifest_options *options);

/* Their part in what shapes results. */
void manifest_options_describe(const struct raw_options *raw, struct buf *out);

#endif
