/* SPDX-License-Identifier: Apache-2.0 */
/* Devices as the interface shows them: one word of status, latest readings with their age, and who is on them. */
#ifndef HCP_SERVICES_DEVICE_VIEW_H
#define HCP_SERVICES_DEVICE_VIEW_H

#include "services/internal.h"

/* What devices are looked at with; valid for one request. */
typedef struct {
    hcp_services *services;
    const hcp_core *core;
    const hcp_state *state;
    const hcp_latest *latest;
    int64_t now_us;
    int64_t stale_us; /* readings older than this are stale; INT64_MAX = nothing is sampled */
} hcp_device_view;

/* The fleet as it is now. */
hcp_device_view hcp_device_view_now(hcp_services *services);

/* The one word for a device (RM14). What is worst for who wants to use it wins: failed, out of service, without readings,
 * degraded, then what it is doing. */
hcp_device_status hcp_device_view_status(const hcp_device_view *view, uint32_t device);

/* Whether its latest reading is too old to be called current. */
bool hcp_device_view_is_stale(const hcp_device_view *view, uint32_t device);

/* Whether it could take a lease now, power permitting. */
bool hcp_device_view_is_available(const hcp_device_view *view, uint32_t device);

/* A row of a list. New reference. */
json_t *hcp_device_view_json(const hcp_device_view *view, uint32_t device);

/* The row with the figures of its class, the switch it is in and its latest changes. New reference. */
json_t *hcp_device_view_detail(const hcp_device_view *view, uint32_t device);

/* Id, name, type, class and facility of a device, set in `object`. */
void hcp_device_view_set_identity(const hcp_device_view *view, uint32_t device, json_t *object);

/* Latest readings with their age, set in `object`; null what the device never told. */
void hcp_device_view_set_readings(const hcp_device_view *view, uint32_t device, json_t *object);

/* The latest changes of health and administration that the journal tells of the device, newest first, at most `limit`.
 * New reference. */
json_t *hcp_device_view_changes(const hcp_device_view *view, uint32_t device, int limit);

/* The device named in the path, by id or name. False: the request has been answered. */
bool hcp_device_view_find(const hcp_device_view *view, hcp_http_request *request,
                          uint32_t *ret_device);

#endif
