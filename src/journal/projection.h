/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Projections: plain SQL tables that make lists and history queryable. The journal knows nothing of
 * their meaning. The caller hands over the tables and the statements once, at open; a batch then
 * carries row operations ("statement 3 with these values") which are executed in the transaction
 * that stores the batch's entries.
 */
#ifndef HCP_JOURNAL_PROJECTION_H
#define HCP_JOURNAL_PROJECTION_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    HCP_PROJECTION_NULL,
    HCP_PROJECTION_INT,
    HCP_PROJECTION_DOUBLE,
    HCP_PROJECTION_TEXT,
} hcp_projection_kind;

/* One bound parameter or one result column. Text is UTF-8, NUL-terminated, and borrowed: a batch
 * copies it, a row is valid until its callback returns. */
typedef struct {
    hcp_projection_kind kind;
    union {
        int64_t integer;
        double number;
        const char *text;
    };
} hcp_projection_value;

/* SQL NULL. */
static inline hcp_projection_value hcp_projection_null(void)
{
    return (hcp_projection_value){.kind = HCP_PROJECTION_NULL};
}

/* A 64-bit integer. */
static inline hcp_projection_value hcp_projection_int(int64_t integer)
{
    return (hcp_projection_value){.kind = HCP_PROJECTION_INT, .integer = integer};
}

/* A floating-point number; NaN is stored as NULL. */
static inline hcp_projection_value hcp_projection_double(double number)
{
    return (hcp_projection_value){.kind = HCP_PROJECTION_DOUBLE, .number = number};
}

/* Text, borrowed; NULL makes an SQL NULL. */
static inline hcp_projection_value hcp_projection_text(const char *text)
{
    return (hcp_projection_value){.kind = text ? HCP_PROJECTION_TEXT : HCP_PROJECTION_NULL,
                                  .text = text};
}

/* One execution of statement number `statement` of the schema with the next `n_values` values of
 * its batch. */
typedef struct {
    uint16_t statement;
    uint8_t n_values;
} hcp_projection_op;

/*
 * What the caller gives at open; const data that outlives the journal. `ddl` creates every table,
 * index and view (table names must not start with "journal_" or "sqlite_"); `statements` write
 * them, with ?1, ?2, … as parameters. A change of either needs a new `version` (positive): the
 * journal then asks for hcp_journal_rebuild().
 */
typedef struct {
    int version;
    const char *ddl;
    const char *const *statements;
    uint16_t n_statements;
} hcp_projection_schema;

#endif
