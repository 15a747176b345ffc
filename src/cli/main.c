#include "config.h"
#include "directory_commands.h"

#include "fetchgrep/base/fs.h"
#include "fetchgrep/base/interrupt.h"
#include "fetchgrep/base/log.h"
#include "fetchgrep/run/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const char usage[] =
    "usage: fetchgrep run MANIFEST... (-e REGEX | -f FILE)... [-o DIR]\n"
    "       fetchgrep fetch MANIFEST... -o DIR\n"
    "       fetchgrep extract INPUT... (-e REGEX | -f FILE)... [-o DIR]\n"
    "       fetchgrep show    DIR|WARC ID|URL|@OFFSET\n"
    "       fetchgrep explain (-e REGEX | -f FILE)... [INPUT...]\n"
    "       fetchgrep verify  DIR\n"
    "       fetchgrep status  DIR [--json]\n"
    "\n"
    "run      download the URLs of the manifests and search the pages\n"
    "fetch    download only\n"
    "extract  search pages kept earlier: run directories, .warc and .warc.gz\n"
    "         files, directories, files\n"
    "show     one kept page, or its first bytes\n"
    "explain  tell how each pattern is run, and what it costs on such pages\n"
    "verify   check a run directory, whole\n"
    "status   how far a run is, what failed and why\n"
    "\n"
    "A manifest is a text file with a URL a line; - is standard input.\n"
    "Without -o matches go to standard output: URL, a tab, the match.\n"
    "\n"
    "  echo https://example.org | fetchgrep run - -e '<title>(.*?)</title>'\n"
    "  fetchgrep run urls.txt -f patterns.txt -o out\n"
    "  fetchgrep extract out -e 'href=\"(https?://[^\"]+)\"'\n"
    "  fetchgrep show out https://example.org --head 200\n"
    "\n"
    "fetchgrep COMMAND --help lists the options of a command.\n"
    "Exit status: 0 done, 1 a check failed, 2 bad usage, 3 a fault of this\n"
    "machine, 75 stopped (SIGTERM), 130 interrupted.\n";

static int status_of(enum error_code code)
{
    switch (code) {
    case ERR_USAGE:
        return STATUS_USAGE;
    case ERR_DATA:
        return STATUS_CHECK_FAILED;
    case ERR_STOPPED:
        return interrupt_signal() == SIGINT ? STATUS_INTERRUPTED
                                            : STATUS_STOPPED;
    case ERR_PIPE:
        return STATUS_OK; /* the reader has had enough */
    case ERR_NONE:
    case ERR_SYSTEM:
    default:
        return STATUS_SYSTEM;
    }
}

static int report(const struct error *err)
{
    if (err->code != ERR_PIPE)
        log_error("%s", err->message);
    return status_of(err->code);
}

/* A closed standard descriptor must not become a file of ours: what is written
 * to it has to fail. */
static void guard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (open("/dev/null", mode) != fd)
            _exit(STATUS_SYSTEM);
    }
}

static int flush_output(void)
{
    if (fflush(stdout) == 0)
        return STATUS_OK;
    if (errno == EPIPE)
        return STATUS_OK;
    log_error("cannot write standard output: %s", strerror(errno));
    return STATUS_SYSTEM;
}

/* run, fetch and extract: one pipeline. */
static bool run_pipeline(const struct raw_options *raw, int *ret_status,
                         struct error *err)
{
    struct config config;
    if (!config_init(&config, raw, err))
        return false;
    bool done = pipeline_run(&config.pipeline, ret_status, err);
    config_release(&config);
    return done;
}

static bool write_out(struct view bytes, struct error *err)
{
    static const char name[] = "standard output";
    bool is_cut_line =
        bytes.size && !view_ends_with(bytes, "\n") && isatty(STDOUT_FILENO);
    return fs_write_all(STDOUT_FILENO, bytes, name, err) &&
           (!is_cut_line ||
            fs_write_all(STDOUT_FILENO, view_of_string("\n"), name, err));
}

static bool run_show(const struct raw_options *raw, int *ret_status,
                     struct error *err)
{
    struct show_options options;
    struct buf page;
    (void)ret_status;
    if (!config_show(raw, &options, err))
        return false;
    buf_init(&page, SIZE_MAX / 2);
    bool done =
        show_page(&options, &page, err) && write_out(buf_view(&page), err);
    buf_release(&page);
    return done;
}

static bool explain(const struct raw_options *raw, int *ret_status,
                    struct error *err)
{
    struct config config;
    struct buf text;
    if (!config_init(&config, raw, err))
        return false;
    buf_init(&text, SIZE_MAX / 2);
    bool done = explain_patterns(&config.pipeline, raw->is_json, &text,
                                 ret_status, err);
    if (done) {
        fwrite(text.data, 1, text.size, stdout);
        int status = flush_output();
        *ret_status = status ? status : *ret_status;
    }
    buf_release(&text);
    config_release(&config);
    return done;
}

/* What each command does with its options. */
static bool (*const commands[COMMAND_COUNT])(const struct raw_options *raw,
                                             int *ret_status,
                                             struct error *err) = {
    [COMMAND_RUN] = run_pipeline,      [COMMAND_FETCH] = run_pipeline,
    [COMMAND_EXTRACT] = run_pipeline,  [COMMAND_SHOW] = run_show,
    [COMMAND_EXPLAIN] = explain,       [COMMAND_VERIFY] = command_verify,
    [COMMAND_STATUS] = command_status,
};

static int run_command(enum command command, int argc, char **argv)
{
    struct error err = { 0 };
    struct raw_options raw;
    int status = STATUS_OK;
    if (!interrupt_install(&err) ||
        !options_parse(argc, argv, command, &raw, &err))
        return report(&err);
    if (raw.wants_help) {
        options_print_help(command);
        status = flush_output();
    } else if (!commands[command](&raw, &status, &err)) {
        status = report(&err);
    }
    options_release(&raw);
    return status;
}

int main(int argc, char **argv)
{
    guard_descriptors();
    const char *word = argc > 1 ? argv[1] : "";
    for (enum command i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(word, command_name(i)))
            return run_command(i, argc - 1, argv + 1);
    if (!strcmp(word, "--version")) {
        printf("fetchgrep %s\n", FETCHGREP_VERSION);
        return flush_output();
    }
    if (!strcmp(word, "--help") || !strcmp(word, "-h") ||
        !strcmp(word, "help")) {
        printf("%s", usage);
        return flush_output();
    }
    if (*word)
        log_error("unknown command \"%s\": run, fetch, extract, show, explain, "
                  "verify or status (fetchgrep --help)",
                  word);
    else
        fprintf(stderr, "%s", usage);
    return STATUS_USAGE;
}
