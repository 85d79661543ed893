/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error domain for the whole program. An error is an event of the world (a bad file, a full disk); a refusal that a
 * command can expect is a value of the core (core/refusal.h), and a bug is an assertion.
 */
#ifndef HCP_BASE_ERROR_H
#define HCP_BASE_ERROR_H

#include <glib.h>

#define HCP_ERROR (hcp_error_quark())

typedef enum {
    HCP_ERROR_INVALID, /* input that breaks a documented rule; the message names the field and the remedy */
    HCP_ERROR_NOT_FOUND,   /* the named thing does not exist */
    HCP_ERROR_IO,          /* the operating system said no */
    HCP_ERROR_FULL,        /* no space left on the device, or a bounded queue at its bound */
    HCP_ERROR_CORRUPT,     /* stored data fails its own checks */
    HCP_ERROR_UNSUPPORTED, /* a version or feature this build does not have */
    HCP_ERROR_BUSY,        /* somebody else holds it: a port, a lock, a data directory */
} hcp_error_code;

/* The GError domain of hcp_error_code. */
GQuark hcp_error_quark(void);

#endif
