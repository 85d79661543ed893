/* SPDX-License-Identifier: Apache-2.0 */
/* Workload sources: both implementations against one contract, and the replay's own rules. */
#include "feeds/workload_replay.h"

#include "base/error.h"

#include <string.h>

#define S INT64_C(1000000)
#define H (3600 * S)
#define START_US (20000 * 24 * H)

static const char TRACE[] =
    "arrival_s,duration_s,num_gpu,gpu_milli,cpu_milli,memory_mib,qos,phase\n"
    "100,7200,8,1000,12000,16384,BE,Failed\n"
    "0,,1,460,12000,16384,LS,Running\n"
    "100,60,1,1000,4000,1024,BE,Succeeded\n"
    "50,600,0,0,4000,1024,BE,Succeeded\n"
    "86500,1800,2,1000,4000,1024,Burstable,Succeeded\n";

static hcp_workload_source *replay(const char *text, double anchor_s, GError **error)
{
    hcp_workload_replay_config config = {.text = text,
                                         .text_size = strlen(text),
                                         .start_us = START_US,
                                         .anchor_s = anchor_s,
                                         .n_customers = 5,
                                         .n_gpu_classes = 3};
    return hcp_workload_replay_new(&config, error);
}

static hcp_workload_source *make_replay(void)
{
    return replay(TRACE, 0, NULL);
}

static hcp_workload_source *make_simulated(void)
{
    hcp_arrivals_params params;
    hcp_arrivals_default_params(6, 5, 3, &params);
    return hcp_workload_simulated_new(&params, 3, START_US);
}

typedef hcp_workload_source *(*maker)(void);

/* Arrivals come when due, once, in order, and are within bounds. */
static void test_contract(const void *data)
{
    maker make = *(const maker *)data;
    g_autoptr(hcp_workload_source) source = make();
    hcp_arrivals_item item = {.gpu_count = 99};
    uint64_t n = 0;
    g_assert_false(hcp_workload_source_take(source, START_US - 1, &item));
    g_assert_cmpuint(item.gpu_count, ==, 99);
    while (hcp_workload_source_next_due(source) < START_US + 48 * H) {
        int64_t due_us = hcp_workload_source_next_due(source);
        g_assert_cmpint(due_us, >=, START_US);
        g_assert_false(hcp_workload_source_take(source, due_us - 1, &item));
        g_assert_true(hcp_workload_source_take(source, due_us, &item));
        g_assert_cmpint(item.at_us, ==, due_us);
        g_assert_cmpuint(item.sequence, ==, n);
        g_assert_cmpuint(item.customer, <, 5);
        g_assert_cmpuint(item.gpu_class, <, 3);
        g_assert_cmpuint(item.gpu_count, >=, 1);
        g_assert_cmpint(item.duration_us, >, 0);
        g_assert_cmpint(hcp_workload_source_next_due(source), >=, due_us);
        n++;
    }
    g_assert_cmpuint(n, >=, 4);
}

static void test_replay_maps_rows(void)
{
    g_autoptr(hcp_workload_source) source = make_replay();
    hcp_arrivals_item items[4];
    for (int i = 0; i < 4; i++)
        g_assert_true(hcp_workload_source_take(source, INT64_MAX - 1, &items[i]));
    g_assert_cmpint(hcp_workload_source_next_due(source), ==, INT64_MAX);

    g_assert_cmpint(items[0].type, ==, HCP_ARRIVALS_INFERENCE_RT);
    g_assert_cmpint(items[0].priority, ==, 1);
    g_assert_cmpint(items[0].max_latency_us, ==, 50000);
    g_assert_cmpuint(items[0].gpu_milli, ==, 460);
    g_assert_true(items[0].censored);
    g_assert_cmpint(items[0].duration_us, ==, 24 * H);

    g_assert_cmpint(items[1].type, ==,
                    HCP_ARRIVALS_TRAINING); /* same second: the order of the file */
    g_assert_cmpuint(items[1].gpu_count, ==, 8);
    g_assert_cmpint(items[1].duration_us, ==, 2 * H);
    g_assert_false(items[1].censored);
    g_assert_cmpint(items[2].type, ==, HCP_ARRIVALS_INFERENCE_BATCH);
    g_assert_cmpint(items[3].type, ==, HCP_ARRIVALS_DATA);
    g_assert_cmpint(items[3].at_us, ==, START_US + 86500 * S);

    hcp_workload_replay_info info = hcp_workload_replay_describe(source);
    g_assert_cmpint(info.rows, ==, 5);
    g_assert_cmpint(info.skipped, ==, 1);
    g_assert_cmpint(info.censored, ==, 1);
    g_assert_cmpfloat(info.first_s, ==, 0);
    g_assert_cmpfloat(info.last_s, ==, 86500);
    g_assert_cmpfloat(info.anchor_s, ==, 0);
}

static void test_replay_anchor_and_speed(void)
{
    hcp_workload_replay_config config = {.text = TRACE,
                                         .text_size = strlen(TRACE),
                                         .start_us = START_US,
                                         .anchor_s = 100,
                                         .speed = 10,
                                         .open_duration_us = H};
    g_autoptr(hcp_workload_source) source = hcp_workload_replay_new(&config, NULL);
    hcp_arrivals_item item;
    g_assert_true(hcp_workload_source_take(source, START_US, &item));
    g_assert_cmpint(item.duration_us, ==, 2 * H); /* durations keep their length */
    g_assert_true(hcp_workload_source_take(source, START_US, &item));
    g_assert_cmpint(hcp_workload_source_next_due(source), ==, START_US + 8640 * S);
    g_assert_cmpint(hcp_workload_replay_describe(source).skipped, ==, 2);
}

/* The busiest stretch of the wanted length is played from its start. */
static void test_replay_window(void)
{
    hcp_workload_replay_config config = {
        .text = TRACE, .text_size = strlen(TRACE), .start_us = START_US, .window_us = 30 * S};
    g_autoptr(hcp_workload_source) source = hcp_workload_replay_new(&config, NULL);
    hcp_arrivals_item item;
    g_assert_cmpfloat(hcp_workload_replay_describe(source).anchor_s, ==, 100);
    g_assert_true(hcp_workload_source_take(source, START_US, &item));
    g_assert_cmpuint(item.gpu_count, ==, 8);
    g_assert_cmpuint(item.sequence, ==, 0);
    g_assert_true(hcp_workload_source_take(source, START_US, &item));
    g_assert_cmpint(hcp_workload_source_next_due(source), ==, START_US + 86400 * S);
}

static void test_replay_class_weights(void)
{
    GString *text = g_string_new("arrival_s,duration_s,num_gpu\n");
    for (int i = 0; i < 4000; i++)
        g_string_append_printf(text, "%d,60,1\n", i);
    hcp_workload_replay_config config = {.text = text->str,
                                         .text_size = text->len,
                                         .n_gpu_classes = 3,
                                         .classes = {{.weight = 3, .memory_bytes = 40000000000},
                                                     {.weight = 0},
                                                     {.weight = 1, .memory_bytes = 80000000000}}};
    g_autoptr(hcp_workload_source) source = hcp_workload_replay_new(&config, NULL);
    hcp_arrivals_item item;
    int n[3] = {0};
    while (hcp_workload_source_take(source, INT64_MAX - 1, &item)) {
        g_assert_cmpint(item.model_bytes, ==, item.gpu_class == 0 ? 30000000000 : 60000000000);
        n[item.gpu_class]++;
    }
    g_assert_cmpint(n[1], ==, 0);
    g_assert_cmpint(ABS(n[0] - 3000), <, 150);
    g_string_free(text, TRUE);
}

static void test_replay_damage(void)
{
    static const char *const texts[] = {
        "",
        "t_s,prompt_tokens\n0,1\n",
        "arrival_s,duration_s,num_gpu\n-1,5,1\n",
        "arrival_s,duration_s,num_gpu\nsoon,5,1\n",
        "arrival_s,duration_s,num_gpu\n0,5,1000000\n",
        "arrival_s,duration_s,num_gpu\n0,1e300,1\n",
        "arrival_s,duration_s,num_gpu\n0,5\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(replay(texts[i], 0, &error));
        g_assert_nonnull(error);
    }
    g_autoptr(hcp_workload_source) empty = replay("arrival_s,duration_s,num_gpu\n", 0, NULL);
    g_assert_cmpint(hcp_workload_source_next_due(empty), ==, INT64_MAX);
}

/* The recorded trace, when it is beside the source tree. */
static void test_recorded_trace(void)
{
    g_autofree char *path = g_build_filename(g_getenv("G_TEST_SRCDIR"), "..", "shared", "traces",
                                             "alibaba_gpu_pods_2023_part1.csv", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return;
    g_autoptr(GError) error = NULL;
    hcp_workload_replay_config config = {.path = path, .start_us = START_US};
    g_autoptr(hcp_workload_source) source = hcp_workload_replay_new(&config, &error);
    g_assert_no_error(error);
    hcp_workload_replay_info info = hcp_workload_replay_describe(source);
    g_assert_cmpint(info.rows, ==, 3532);
    g_assert_cmpint(info.skipped, ==, 0);
    g_assert_cmpfloat(info.last_s, >, 11e6);
    hcp_arrivals_item item;
    int n = 0;
    while (hcp_workload_source_take(source, INT64_MAX - 1, &item))
        n++;
    g_assert_cmpint(n, ==, 3532);

    /* Nearly all of it arrives within its last month. */
    config.window_us = 30 * 24 * H;
    g_autoptr(hcp_workload_source) month = hcp_workload_replay_new(&config, &error);
    g_assert_no_error(error);
    for (n = 0; hcp_workload_source_take(month, START_US + config.window_us, &item); n++)
        continue;
    g_assert_cmpint(n, >, 3500);
}

int main(int argc, char **argv)
{
    static const maker replayed = make_replay;
    static const maker simulated = make_simulated;
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/workload-source/replay/contract", &replayed, test_contract);
    g_test_add_data_func("/workload-source/simulated/contract", &simulated, test_contract);
    g_test_add_func("/workload-source/replay/rows", test_replay_maps_rows);
    g_test_add_func("/workload-source/replay/anchor", test_replay_anchor_and_speed);
    g_test_add_func("/workload-source/replay/window", test_replay_window);
    g_test_add_func("/workload-source/replay/classes", test_replay_class_weights);
    g_test_add_func("/workload-source/replay/damage", test_replay_damage);
    g_test_add_func("/workload-source/replay/recorded", test_recorded_trace);
    return g_test_run();
}
