#include "index_files.h"

#include <stdio.h>
#include <string.h>

const char *index_file_name(const char *warc)
{
    const char *slash = strrchr(warc, '/');
    return slash ? slash + 1 : warc;
}

char *index_file_beside(const char *path, const char *name)
{
    char *joined;
    int size = (int)(index_file_name(path) - path);
    return asprintf(&joined, "%.*s%s", size, path, name) < 0 ? NULL : joined;
}

char *index_file_common(const char *warc)
{
    return index_file_beside(warc, "index.cdxj");
}

char *index_file_own(const char *warc)
{
    char *joined;
    const char *end = strstr(index_file_name(warc), ".warc");
    int size = end ? (int)(end - warc) : (int)strlen(warc);
    return asprintf(&joined, "%.*s.cdxj", size, warc) < 0 ? NULL : joined;
}
