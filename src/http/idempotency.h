/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). A key is scoped to caller and
 * operation; its answer is kept at least 24 hours and given again, marked "Idempotent-Replayed:
 * true", to a request with the same body. The same key with another body is 422, a second request
 * while the first is still running is 409. Answers of 500 and above are not kept, because the
 * command they answer did not happen.
 *
 * Where answers are kept is behind hcp_idempotency_ops. The server calls `store` from inside
 * hcp_http_reply_*, before it asks the commit gate (server.h) when the answer may leave. A handler
 * that replies in the same turn of the loop in which its command was decided therefore gets command
 * and answer into one commit: after a crash either both are there or neither is.
 */
#ifndef HCP_HTTP_IDEMPOTENCY_H
#define HCP_HTTP_IDEMPOTENCY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HCP_IDEMPOTENCY_TEXT_SIZE 33
#define HCP_IDEMPOTENCY_KEEP_US (INT64_C(24) * 3600 * 1000000)

/* Both members are 32 lower-case hexadecimal digits of a SHA-256, so a client's own text is never
 * stored. */
typedef struct {
    char id[HCP_IDEMPOTENCY_TEXT_SIZE];          /* of caller, operation and the client's key */
    char fingerprint[HCP_IDEMPOTENCY_TEXT_SIZE]; /* of the path and the body's bytes */
} hcp_idempotency_key;

/* The answer kept for a key. Owned body; zeroed is empty. */
typedef struct {
    char fingerprint[HCP_IDEMPOTENCY_TEXT_SIZE];
    unsigned status;
    char *body; /* JSON text, a problem document when status >= 400; NULL for an empty answer */
} hcp_idempotency_entry;

/* Frees what `entry` owns and zeroes it. */
void hcp_idempotency_entry_clear(hcp_idempotency_entry *entry);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_idempotency_entry, hcp_idempotency_entry_clear)

/* Storage of answers; called on the loop's thread, must not block. */
typedef struct {
    /* Finds the answer kept for `id`: fills the zeroed `ret_entry` (then owned by the caller) and
     * returns true, or returns false when there is none or its 24 hours are over. */
    bool (*lookup)(void *data, const char *id, hcp_idempotency_entry *ret_entry);
    /* Keeps the answer of a request that was carried out; copies what it needs. */
    void (*store)(void *data, const char *id, const hcp_idempotency_entry *entry);
    /* Forgets the answer stored for `id`: its commit failed, so the command did not happen.
     * May be NULL when a failed commit takes the stored answer with it. */
    void (*forget)(void *data, const char *id);
} hcp_idempotency_ops;

/* Computes the key of a request. `client_key` is the header's value. */
void hcp_idempotency_key_init(hcp_idempotency_key *key, const char *caller,
                              const char *operation_id, const char *client_key);

/* Completes `key` with the fingerprint of what is asked for. */
void hcp_idempotency_key_set_body(hcp_idempotency_key *key, const char *path, const void *body,
                                  size_t size);

/* Storage in memory, for tests and for a platform without a data directory: at most `capacity`
 * entries, the oldest forgotten first, none kept beyond HCP_IDEMPOTENCY_KEEP_US. */
typedef struct hcp_idempotency_memory hcp_idempotency_memory;
extern const hcp_idempotency_ops HCP_IDEMPOTENCY_MEMORY_OPS;

/* `now_us` gives the time for expiry; `clock_data` is passed to it. */
hcp_idempotency_memory *hcp_idempotency_memory_new(size_t capacity,
                                                   int64_t (*now_us)(void *clock_data),
                                                   void *clock_data);

/* Frees the storage; NULL is allowed. */
void hcp_idempotency_memory_free(hcp_idempotency_memory *memory);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_idempotency_memory, hcp_idempotency_memory_free)

#endif
