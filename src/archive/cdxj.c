#include "fetchgrep/archive/cdxj.h"

#include "fetchgrep/base/clock.h"
#include "fetchgrep/base/json_out.h"
#include "fetchgrep/model/url.h"

void cdxj_append_head(const struct cdxj_record *record, struct buf *out)
{
    char date[CLOCK_CDX_SIZE];
    clock_format_cdx(record->date_ms, date);
    url_append_surt(record->url, out);
    buf_append_format(out, " %s {\"url\":", date);
    json_out_string(out, record->url);
    if (record->mime.size)
        json_out_member_string(out, "mime", record->mime);
    buf_append_format(out, ",\"status\":\"%d\"", record->status);
    json_out_member_string(out, "digest", record->digest);
    buf_append_format(out, ",\"length\":\"%zu\"", record->length);
}

void cdxj_append_place(uint64_t offset, struct view filename, struct buf *out)
{
    buf_append_format(out, ",\"offset\":\"%llu\"", (unsigned long long)offset);
    json_out_member_string(out, "filename", filename);
    buf_append_string(out, "}\n");
}
