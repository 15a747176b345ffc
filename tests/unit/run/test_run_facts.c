/*
 * What run.json and summary.json say is known as they say it; what they cannot
 * say is refused.
 */
#include "../../../src/run/run_facts.h"

#include "fetchgrep/record/run_dir.h"
#include "fetchgrep/run/run_dir_list.h"

#include "../archive/temp_dir.h"
#include "suite.h"

/* A run directory as a run begins it. */
static void begin_run(const char *command, const char *options)
{
    struct error err = { 0 };
    const struct run_identity identity = {
        .command = command,
        .manifest_digest = UINT64_C(0xfedcba9876543210),
        .patterns_digest = 7,
        .options = options,
    };
    char *path = temp_path("run");
    struct run_dir *dir = run_dir_open(path, &err);
    ck_assert_msg(dir != NULL, "%s", err.message);
    ck_assert(run_dir_begin(dir, &identity,
                            view_of_string(",\"inputs\":[\"a\",\"-\"]"), &err));
    run_dir_close(dir);
    free(path);
}

static void read_run(struct run_facts *facts)
{
    struct error err = { 0 };
    char *path = temp_path("run");
    ck_assert_msg(run_facts_read(facts, path, &err), "%s", err.message);
    free(path);
}

START_TEST(a_run_is_known_by_its_options)
{
    struct run_facts facts;
    char value[8];
    begin_run("run", "max-body=5 store=zstd format=tsv fields=id,url count=yes "
                     "order=manifest keep=none");
    read_run(&facts);
    ck_assert(facts.has_right_id && facts.is_fetched && facts.has_matches);
    ck_assert(facts.is_ordered && facts.is_count);
    ck_assert_str_eq(facts.warc_suffix, ".warc.zst");
    ck_assert_int_eq(facts.format, MATCH_TSV);
    ck_assert_str_eq(facts.fields, "id,url");
    ck_assert_uint_eq(facts.manifest_digest, UINT64_C(0xfedcba9876543210));
    ck_assert_uint_eq(facts.input_count, 2);
    ck_assert_str_eq(facts.inputs[1], "-");
    run_facts_option(&facts, "max-body", value, sizeof(value));
    ck_assert_str_eq(value, "5");
    run_facts_option(&facts, "body", value, sizeof(value));
    ck_assert_str_eq(value, "");
    run_facts_option(&facts, "order", value, sizeof(value));
    ck_assert_str_eq(value, ""); /* too long for it */
    run_facts_release(&facts);
}
END_TEST

START_TEST(each_command_has_its_files)
{
    struct run_facts facts;
    begin_run("fetch", "store=none order=any");
    read_run(&facts);
    ck_assert(facts.is_fetched && !facts.has_matches && !facts.is_ordered);
    ck_assert_ptr_null(facts.warc_suffix);
    run_facts_release(&facts);
    temp_dir_remove();
    temp_dir_make();
    begin_run("extract", "format=jsonl fields=auto order=any");
    read_run(&facts);
    ck_assert(!facts.is_fetched && facts.has_matches);
    ck_assert_str_eq(facts.fields, "");
    ck_assert_ptr_null(facts.warc_suffix);
    run_facts_release(&facts);
}
END_TEST

START_TEST(a_changed_run_has_another_id)
{
    static const char old[] = "max-body=5", new[] = "max-body=6";
    struct run_facts facts;
    struct error err = { 0 };
    struct buf text;
    char *path = temp_path("run/run.json");
    buf_init(&text, 1 << 20);
    begin_run("run", "max-body=5");
    ck_assert(fs_read_file(path, &text, &err));
    char *at = memmem(text.data, text.size, old, strlen(old));
    ck_assert_ptr_nonnull(at);
    memcpy(at, new, strlen(new));
    temp_write("run/run.json", buf_view(&text));
    read_run(&facts);
    ck_assert(!facts.has_right_id);
    run_facts_release(&facts);
    buf_release(&text);
    free(path);
}
END_TEST

START_TEST(what_is_no_run_directory_is_refused)
{
    struct run_facts facts;
    struct error err = { 0 };
    ck_assert(!run_facts_read(&facts, temp_dir, &err));
    ck_assert_int_eq(err.code, ERR_USAGE);
    run_facts_release(&facts);
    temp_write("run.json", view_of_string("[1]"));
    ck_assert(!run_facts_read(&facts, temp_dir, &err));
    ck_assert_int_eq(err.code, ERR_DATA);
    run_facts_release(&facts);
}
END_TEST

START_TEST(a_summary_is_read_whole_or_refused)
{
    static const char sound[] =
        "{\"entries\":5,\"outcomes\":{\"ok\":4,\"denied\":1},\"failed\":0,"
        "\"matches\":9,\"bytes\":100,\"pages_kept\":4,\"warc_bytes\":70,"
        "\"seconds\":1.5,\"digests\":{\"outcomes.jsonl\":\"00000000000000ff\","
        "\"matches.csv\":\"1234567890abcdef\"}}";
    static const char *const bad[] = {
        "{}",
        "{\"entries\":5,\"outcomes\":{\"fine\":5},\"failed\":0,\"bytes\":1,"
        "\"pages_kept\":4,\"warc_bytes\":70}",
        "{\"entries\":-5,\"outcomes\":{},\"failed\":0,\"bytes\":1,"
        "\"pages_kept\":4,\"warc_bytes\":70}",
        "{\"entries\":5,\"outcomes\":[],\"failed\":0,\"bytes\":1,"
        "\"pages_kept\":4,\"warc_bytes\":70}",
        "",
    };
    struct summary_facts summary;
    struct error err = { 0 };
    temp_write("summary.json", view_of_string(sound));
    ck_assert(summary_facts_read(temp_dir, &summary, &err));
    ck_assert_uint_eq(summary.totals.entries, 5);
    ck_assert_uint_eq(summary.totals.outcomes[OUTCOME_DENIED], 1);
    ck_assert(summary.has_matches && summary.totals.matches == 9);
    ck_assert_uint_eq(summary.totals.warc_bytes, 70);
    ck_assert_uint_eq(summary.outcomes_digest, 255);
    ck_assert_uint_eq(summary.matches_digest, UINT64_C(0x1234567890abcdef));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        temp_write("summary.json", view_of_string(bad[i]));
        ck_assert(!summary_facts_read(temp_dir, &summary, &err));
        ck_assert_int_eq(err.code, ERR_DATA);
    }
}
END_TEST

START_TEST(a_directory_stands_for_its_shards_unless_it_is_a_run)
{
    struct run_dir_list list;
    struct error err = { 0 };
    ck_assert(run_dir_list_read(&list, temp_dir, &err));
    ck_assert(list.count == 1 && !list.are_shards);
    ck_assert_str_eq(list.paths[0], temp_dir);
    run_dir_list_release(&list);
    temp_write("shard-00002-of-00002/x", view_of_string(""));
    temp_write("shard-00001-of-00002/x", view_of_string(""));
    temp_write("shard-x-of-00002/x", view_of_string(""));
    temp_write("shards/x", view_of_string(""));
    ck_assert(run_dir_list_read(&list, temp_dir, &err));
    ck_assert(list.count == 2 && list.are_shards);
    ck_assert_str_eq(run_dir_list_name(list.paths[0]), "shard-00001-of-00002");
    ck_assert_str_eq(run_dir_list_name(list.paths[1]), "shard-00002-of-00002");
    run_dir_list_release(&list);
    temp_write("run.json", view_of_string("{}"));
    ck_assert(run_dir_list_read(&list, temp_dir, &err));
    ck_assert(list.count == 1 && !list.are_shards);
    run_dir_list_release(&list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run_facts");
    TCase *tests = tcase_create("run_facts");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, temp_dir_make, temp_dir_remove);
    tcase_add_test(tests, a_run_is_known_by_its_options);
    tcase_add_test(tests, each_command_has_its_files);
    tcase_add_test(tests, a_changed_run_has_another_id);
    tcase_add_test(tests, what_is_no_run_directory_is_refused);
    tcase_add_test(tests, a_summary_is_read_whole_or_refused);
    tcase_add_test(tests, a_directory_stands_for_its_shards_unless_it_is_a_run);
    return run_suite(suite);
}
