/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the HTTP room itself costs: routing, parsing, validation against the contract and printing,
 * with handlers that do nothing and no disk. The server is a child process, the load client
 * (bench/load) another.
 *
 *     bench_http LOAD
 */
#include "http/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SUBMISSION                                                                                 \
    "{\"customer_id\":\"cust-001\",\"workload_type\":\"ai_inference_realtime\",\"priority\":1,"    \
    "\"requirements\":{\"gpu_type\":\"H100\",\"gpu_count\":1},\"name\":\"{n}\"}"

typedef struct {
    const char *load;
    pid_t server;
    int port;
} target;

static void get_health(hcp_http_request *request, void *data)
{
    (void)data;
    hcp_http_reply_json(request, 200,
                        json_pack("{s:s, s:s}", "status", "healthy", "service", "bench"));
}

static void submit_workload(hcp_http_request *request, void *data)
{
    (void)data;
    hcp_http_reply_json(request, 201,
                        json_pack("{s:s, s:s, s:i, s:i}", "workload_id", "wl_01jd5x9q0t8m4c",
                                  "status", "queued", "priority", 1, "queue_position", 5));
}

static int64_t now_us(void *data)
{
    (void)data;
    return g_get_real_time();
}

static void serve(int port_pipe)
{
    static const hcp_http_binding bindings[] = {
        {"getHealth", get_health},
        {"submitWorkload", submit_workload},
    };
    g_autoptr(GError) error = NULL;
    hcp_http_options options = {
        .idempotency = &HCP_IDEMPOTENCY_MEMORY_OPS,
        .idempotency_data = hcp_idempotency_memory_new(100000, now_us, NULL),
    };
    hcp_http_server *server = hcp_http_server_new(&options, &error);
    int port = 0;
    if (server == NULL ||
        !hcp_http_server_bind(server, bindings, G_N_ELEMENTS(bindings), NULL, &error) ||
        !hcp_http_server_listen(server, HCP_SERVICE_GATEWAY, 0, &port, &error))
        g_error("%s", error->message);
    if (write(port_pipe, &port, sizeof port) != sizeof port)
        g_error("nobody to tell the port to");
    g_main_loop_run(g_main_loop_new(NULL, FALSE));
}

/* Processor time of the server, which neighbours on the machine do not disturb. */
static double cpu_us(pid_t server)
{
    clockid_t clock;
    struct timespec now;
    if (clock_getcpuclockid(server, &clock) != 0 || clock_gettime(clock, &now) != 0)
        g_error("the server is gone");
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static void measure(const target *t, const char *name, const char *arguments)
{
    double before_us = cpu_us(t->server);
    g_autofree char *command =
        g_strdup_printf("%s --port %d --seconds 3 %s", t->load, t->port, arguments);
    g_autofree char *output = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_spawn_command_line_sync(command, &output, NULL, NULL, &error))
        g_error("%s", error->message);
    const char *requests = strstr(output, "\"requests\": ");
    double count = requests != NULL ? strtod(requests + 12, NULL) : 0;
    printf("%-28s %6.1f us of processor each  %s", name, (cpu_us(t->server) - before_us) / count,
           output);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int pipes[2];
    if (argc != 2 || pipe(pipes) != 0)
        return 2;
    target t = {.load = argv[1], .server = fork()};
    if (t.server == 0) {
        serve(pipes[1]);
        return 0;
    }
    if (read(pipes[0], &t.port, sizeof t.port) != sizeof t.port)
        g_error("the server did not start");
    measure(&t, "GET /health, 64 clients", "--connections 64 --path /health");
    measure(&t, "POST workloads, 1 client",
            "--connections 1 --path /api/v1/workloads --body '" SUBMISSION "'");
    measure(&t, "POST workloads, 64 clients",
            "--connections 64 --path /api/v1/workloads --body '" SUBMISSION "'");
    measure(&t, "  with Idempotency-Key",
            "--connections 64 --keys --path /api/v1/workloads --body '" SUBMISSION "'");
    kill(t.server, SIGTERM);
    waitpid(t.server, NULL, 0);
    return 0;
}
