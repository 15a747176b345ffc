/*
 * config.h - from raw values to what a run takes: everything checked, patterns
 * compiled.
 */
#ifndef FETCHGREP_CLI_CONFIG_H
#define FETCHGREP_CLI_CONFIG_H

#include "options.h"
#include "output.h"

#include "fetchgrep/run/pipeline.h"
#include "fetchgrep/run/show.h"

struct config {
    struct pipeline_options pipeline;
    struct patterns *patterns;
    struct prefilter *prefilter;
    struct output output;
    struct choice *choice;
    struct address_rule address_rule;
    struct fetch_host_header *host_headers;
    struct known_names *known_names;
    char *cert_file, *key_password; /* of --cert */
    struct buf shaping;
};

/* `raw` is borrowed for the life of the config, and so is `config` by its own
 * parts: it must not be moved. */
bool config_init(struct config *config, const struct raw_options *raw,
                 struct error *err) MUST_CHECK;
/* What `show` is asked for; borrows from `raw`. */
bool config_show(const struct raw_options *raw,
                 struct show_options *ret_options,
                 struct error *err) MUST_CHECK;

void config_release(struct config *config);

/* Cores this process may use: Slurm's word, else the affinity mask. */
uint32_t config_usable_cores(void);

#endif
