/*
 * script.h - a reply as a list of steps that the server's loop plays on one
 * connection: bytes, a page, a wait, an end. Behaviours (behaviours.h) write
 * scripts and know nothing of sockets.
 */
#ifndef TESTS_SERVER_FAULT_SCRIPT_H
#define TESTS_SERVER_FAULT_SCRIPT_H

#include "bytes.h"

enum step_kind {
    STEP_SEND,   /* `bytes`, `size` of them */
    STEP_REPEAT, /* `bytes` again and again, for ever */
    STEP_PAGE,   /* the first `size` bytes of a page of `page_size` */
    STEP_DRIP,   /* the same, byte by byte, `ms` between two */
    STEP_WAIT,   /* `ms` */
    STEP_HANG,   /* nothing more, until the other side closes */
    STEP_CLOSE,
    STEP_RESET, /* RST instead of FIN */
};

struct step {
    enum step_kind kind;
    char *bytes; /* owned */
    size_t bytes_size;
    uint64_t size;
    uint64_t page_size;
    int64_t ms;
};

enum { SCRIPT_STEPS = 6 };

/* After the last step the connection waits for another request, unless that
 * step ended it. */
struct script {
    struct step steps[SCRIPT_STEPS];
    size_t count;
};

static struct step *script_add(struct script *script, enum step_kind kind)
{
    if (script->count == SCRIPT_STEPS) {
        fprintf(stderr, "fault_server: a script has too many steps\n");
        abort();
    }
    struct step *step = &script->steps[script->count++];
    *step = (struct step){ .kind = kind };
    return step;
}

/* Takes the bytes. */
static void script_send(struct script *script, struct bytes *bytes)
{
    struct step *step = script_add(script, STEP_SEND);
    step->bytes = bytes->data;
    step->bytes_size = bytes->size;
    step->size = bytes->size;
    *bytes = (struct bytes){ 0 };
}

static void script_send_string(struct script *script, const char *text)
{
    struct bytes bytes = { 0 };
    bytes_add_string(&bytes, text);
    script_send(script, &bytes);
}

static void script_repeat(struct script *script, const char *text)
{
    script_send_string(script, text);
    struct step *step = &script->steps[script->count - 1];
    step->kind = STEP_REPEAT;
    step->size = UINT64_MAX;
}

static void script_page(struct script *script, uint64_t size,
                        uint64_t page_size)
{
    struct step *step = script_add(script, STEP_PAGE);
    step->size = size;
    step->page_size = page_size;
}

static void script_wait(struct script *script, int64_t ms)
{
    script_add(script, STEP_WAIT)->ms = ms;
}

static void script_release(struct script *script)
{
    for (size_t i = 0; i < script->count; i++)
        free(script->steps[i].bytes);
    script->count = 0;
}

#endif
