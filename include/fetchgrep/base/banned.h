/*
 * banned.h - forced into every source by the Makefile (-include): functions
 * that cannot be used safely do not compile. The system headers that declare
 * them come first.
 */
#ifndef FETCHGREP_BASE_BANNED_H
#define FETCHGREP_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strncpy strcat strncat sprintf vsprintf strtok
#pragma GCC poison atoi atol atoll atof gmtime localtime ctime asctime
#pragma GCC poison mktemp tmpnam tempnam

#endif
