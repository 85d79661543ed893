/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public identifiers: prefixed, time-sortable, with a check character, e.g. "wl_01jd5x9q0t8m4c". Inside they are 64-bit
 * numbers, 44 bits of Unix milliseconds over 20 bits of sequence, wrapped in one struct type per noun so that a device id
 * cannot be passed where a workload id is meant. The text form is the prefix, 13 characters of Crockford base 32 and one
 * check character (the value modulo 37, ISO/IEC 7064 style as Crockford defines it), always lower case.
 */
#ifndef HCP_BASE_ID_H
#define HCP_BASE_ID_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_ID_NONE,
    HCP_ID_WORKLOAD, /* wl_ */
    HCP_ID_DEVICE,   /* dev_ */
    HCP_ID_FACILITY, /* fac_ */
    HCP_ID_CUSTOMER, /* cus_ */
    HCP_ID_LEASE,    /* lse_ */
    HCP_ID_SWITCH,   /* sw_ */
    HCP_ID_DECISION, /* dec_ */
    HCP_ID_ALERT,    /* alr_ */
    HCP_ID_USER,     /* usr_ */
    HCP_ID_KEY,      /* key_ */
    HCP_ID_INVOICE,  /* inv_ */
    HCP_ID_WHATIF,   /* wif_ */
    HCP_ID_GRID,     /* grd_ */
    HCP_ID_KINDS
} hcp_id_kind;

#define HCP_ID_TEXT_SIZE 24 /* prefix, 14 characters, terminator, rounded up */

#define HCP_DEFINE_ID(noun)                                                                        \
    typedef struct {                                                                               \
        uint64_t value;                                                                            \
    } hcp_##noun##_id

HCP_DEFINE_ID(workload);
HCP_DEFINE_ID(device);
HCP_DEFINE_ID(facility);
HCP_DEFINE_ID(customer);
HCP_DEFINE_ID(lease);
HCP_DEFINE_ID(switch);
HCP_DEFINE_ID(decision);
HCP_DEFINE_ID(alert);
HCP_DEFINE_ID(grid);

/* Text prefix of `kind` with its underscore ("wl_"), or "" for HCP_ID_NONE. */
const char *hcp_id_prefix(hcp_id_kind kind);

/* Writes the text form of `value` into `ret_text`; an id of value 0 is written as "". */
void hcp_id_format(hcp_id_kind kind, uint64_t value, char ret_text[HCP_ID_TEXT_SIZE]);

/* Parses `text` as an id of `kind`. False, with `ret_value` untouched, when the prefix, the alphabet, the length or the
 * check character is wrong; upper case and Crockford's look-alikes (o, i, l) are accepted. */
bool hcp_id_parse(hcp_id_kind kind, const char *text, uint64_t *ret_value);

/* The next id value at `now_us` (Unix microseconds) that is greater than `last`: the deterministic successor used by the
 * core, so ids sort by creation and never repeat even when the clock steps back. */
uint64_t hcp_id_next(uint64_t last, int64_t now_us);

#endif
