/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small site for tests of the core: two facilities, five classes, a customer, and a driver that confirms phases. Every
 * accepted command is followed by hcp_core_check, and every event is kept as the journal would, so that a test can replay.
 */
#ifndef HCP_TESTS_CORE_SITE_H
#define HCP_TESTS_CORE_SITE_H

#include "core/core.h"

enum { SITE_H100, SITE_A100, SITE_S21, SITE_S19, SITE_CPU };
enum { SITE_NORTH, SITE_SOUTH };

#define SITE_EPOCH_US ((int64_t)1760000000 * 1000000)

/* Devices of the small site by dense index. */
#define SITE_H100_FIRST 0
#define SITE_H100_COUNT 16
#define SITE_A100_FIRST 16
#define SITE_A100_COUNT 8
#define SITE_S21_FIRST 24
#define SITE_S21_COUNT 100
#define SITE_S19_FIRST 124
#define SITE_S19_COUNT 60
#define SITE_SOUTH_FIRST 184
#define SITE_SOUTH_COUNT 8 /* H100 */
#define SITE_DEVICES 192

typedef struct {
    hcp_core *core;
    int64_t now_us;
    hcp_outcome outcome; /* of the last command */
    GPtrArray *journal;  /* printed events: "type\ttime\tpayload" */
    const hcp_telemetry_view *view;
} site;

/* Classes, facilities and a customer, no devices. */
void site_init_empty(site *s);

/* With the devices above; GPUs idle, miners mining. */
void site_init(site *s);

/* The same devices, those in the north on two feeders that carry little more than their miners at full power: the H100 and
 * the first S21 on T1, the other S21 and the S19 on T2, the A100 on none. */
#define SITE_T1_W 215000
#define SITE_T2_W 321000
#define SITE_T1_S21_COUNT 60
void site_init_feeders(site *s);

void site_finish(site *s);

/* Runs the command at s->now_us; checks every invariant and keeps the events. */
bool site_do(site *s, const hcp_command *command);

/* The same, and it must be accepted; or refused with this code, leaving nothing changed. */
void site_must(site *s, const hcp_command *command);
void site_refused(site *s, const hcp_command *command, hcp_refusal_code code);

void site_define(site *s, const hcp_event *event);
void site_tick(site *s, int64_t later_us);

/* From now on intervals are billed at their own price, and the pool keeps `fee_ppm` of mining income. */
void site_bill(site *s, bool own_price, int64_t fee_ppm);

/* Reports the phase in progress of the switch. */
void site_report(site *s, uint32_t switch_ix, bool ok);

/* The driver confirms phase after phase, `phase_us` each, until no switch runs. */
void site_drive(site *s, int64_t phase_us);

/* A submission of `count` devices of `classes` for a customer; returns the index of the workload. */
uint32_t site_submit(site *s, uint64_t classes, uint32_t count, int64_t duration_us);

/* Index of an explicit allocation of `count` devices of the class at a facility. */
uint32_t site_allocate(site *s, uint32_t class_ix, uint32_t facility, uint32_t count);

void site_health(site *s, uint32_t device, hcp_health health);
void site_admin(site *s, uint32_t device, hcp_admin admin);

/* How many events of the type the last command emitted. */
uint32_t site_events(const site *s, hcp_event_type type);

/* The clock to that moment. */
void site_tick_to(site *s, int64_t at_us);

/* A third facility "west" like the north, to be changed before it is defined; and its definition with ten S21 that mine,
 * whose index it returns. */
hcp_facility_defined site_west(const site *s);
uint32_t site_add_west(site *s, const hcp_facility_defined *west);

/* A replay of the journal and a restored snapshot are the same state and keep every invariant; the replay wakes no later. */
void site_check_same(const site *s);

/* A new core that has applied the whole journal; free it with hcp_core_free. */
hcp_core *site_replay(const site *s);

#endif
