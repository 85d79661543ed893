/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's own tables and how they came about. The version is SQLite's user_version, the
 * application id marks the file as ours (`file journal.db` shows it).
 */
#ifndef HCP_JOURNAL_SQLITE_SCHEMA_H
#define HCP_JOURNAL_SQLITE_SCHEMA_H

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define HCP_SQLITE_SCHEMA_APPLICATION_ID 0x4843504a /* "HCPJ" */
#define HCP_SQLITE_SCHEMA_VERSION 2

/* The file's version (0 = new and empty). HCP_ERROR_UNSUPPORTED for another application's file or a
 * newer version; HCP_ERROR_CORRUPT when the tables are not those of the version it claims. */
bool hcp_sqlite_schema_check(sqlite3 *db, int64_t *ret_version, GError **error);

/* Brings the tables from `version` to the current one, in one transaction. */
bool hcp_sqlite_schema_upgrade(sqlite3 *db, int64_t version, GError **error);

/* The version of the projection tables, 0 when they are not complete or there are none.
 * HCP_ERROR_CORRUPT when the stored value fails its own digest. */
bool hcp_sqlite_schema_get_projection(sqlite3 *db, int64_t *ret_version, GError **error);

/* Stores the version of the projection tables. */
bool hcp_sqlite_schema_set_projection(sqlite3 *db, int64_t version, GError **error);

/* Drops every table, index and view that is not the journal's own. */
bool hcp_sqlite_schema_drop_projection(sqlite3 *db, GError **error);

#endif
