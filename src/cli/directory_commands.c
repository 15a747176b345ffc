#include "directory_commands.h"

#include "config.h"

#include "fetchgrep/base/log.h"
#include "fetchgrep/run/run_dir_list.h"
#include "fetchgrep/run/status.h"
#include "fetchgrep/run/verify.h"

#include <errno.h>

/* ---- verify ---------------------------------------------------------------
 */

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    puts(line);
}

static void tell_repair(void *ctx, const char *line)
{
    (void)ctx;
    log_note("%s", line);
}

static bool is_stdout_sound(struct error *err)
{
    return fflush(stdout) == 0 ||
           error_set_errno(err, ERR_SYSTEM, errno,
                           "cannot write standard output");
}

static bool check_operand(const struct raw_options *raw, struct error *err)
{
    return raw->operands.count == 1 ||
           error_set(err, ERR_USAGE, "one directory is needed; usage: %s",
                     command_usage(raw->command));
}

static bool verify_one(const struct raw_options *raw, const char *dir,
                       int *ret_status, struct error *err)
{
    struct verify_result result;
    const struct verify_options options = {
        .dir = dir,
        .worker_count =
            raw->workers ? (uint32_t)raw->workers : config_usable_cores(),
        .fault = print_line,
    };
    if ((raw->repairs && !verify_repair(dir, tell_repair, NULL, err)) ||
        !verify_run(&options, &result, err))
        return false;
    printf("%s: %llu entries, %llu matches, %llu records, %llu bytes%s: ", dir,
           (unsigned long long)result.entry_count,
           (unsigned long long)result.match_count,
           (unsigned long long)result.record_count,
           (unsigned long long)result.byte_count,
           result.is_finished ? "" : " committed so far");
    if (result.fault_count)
        printf("%llu fault%s\n", (unsigned long long)result.fault_count,
               result.fault_count > 1 ? "s" : "");
    else
        printf("no fault\n");
    if (result.fault_count)
        *ret_status = STATUS_CHECK_FAILED;
    return is_stdout_sound(err);
}

bool command_verify(const struct raw_options *raw, int *ret_status,
                    struct error *err)
{
    struct run_dir_list list;
    if (!check_operand(raw, err))
        return false;
    bool done = run_dir_list_read(&list, raw->operands.items[0], err);
    for (size_t i = 0; done && i < list.count; i++)
        done = verify_one(raw, list.paths[i], ret_status, err);
    run_dir_list_release(&list);
    return done;
}

/* ---- status ---------------------------------------------------------------
 */

bool command_status(const struct raw_options *raw, int *ret_status,
                    struct error *err)
{
    struct buf text;
    (void)ret_status;
    if (!check_operand(raw, err))
        return false;
    buf_init(&text, SIZE_MAX / 2);
    bool done = status_append(raw->operands.items[0], raw->is_json, &text, err);
    if (done)
        fwrite(text.data, 1, text.size, stdout);
    buf_release(&text);
    return done && is_stdout_sound(err);
}
