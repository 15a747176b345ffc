/*
 * suite.h - how every unit test program ends.
 */
#ifndef FETCHGREP_TESTS_SUITE_H
#define FETCHGREP_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite as CK_VERBOSITY says; what main returns. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
