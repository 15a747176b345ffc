#include "names.h"

#include <unistd.h>

static const char system_hosts_file[] = "/etc/hosts";

static bool add_known(struct known_names *known, const struct raw_options *raw,
                      struct error *err)
{
    for (size_t i = 0; i < raw->resolve.count; i++)
        if (!known_names_add(known, raw->resolve.items[i], err))
            return false;
    if (raw->hosts_file)
        return known_names_add_file(known, raw->hosts_file, err) ||
               error_wrap(err, "--hosts-file");
    /* A machine may do without. */
    return access(system_hosts_file, F_OK) ||
           known_names_add_file(known, system_hosts_file, err);
}

bool names_set(struct config *config, const struct raw_options *raw,
               struct error *err)
{
    if (raw->command != COMMAND_RUN && raw->command != COMMAND_FETCH)
        return true;
    if (raw->dns_servers && !name_servers_check(raw->dns_servers, err))
        return false;
    config->known_names = known_names_new(err);
    if (!config->known_names || !add_known(config->known_names, raw, err))
        return false;
    known_names_seal(config->known_names);
    config->pipeline.fetch.names = (struct name_options){
        .known = config->known_names,
        .servers = raw->dns_servers,
        .lookups_per_s = (uint32_t)raw->dns_rate,
        .per_address = (uint32_t)raw->per_address,
    };
    return true;
}
