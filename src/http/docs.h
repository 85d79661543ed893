/* SPDX-License-Identifier: Apache-2.0 */
/* The interactive documentation: /docs (Swagger UI, embedded, works offline) and /openapi.json. */
#ifndef HCP_HTTP_DOCS_H
#define HCP_HTTP_DOCS_H

#include "http/server.h"

/* Binds the handlers of /docs, /docs/{asset} and /openapi.json. */
bool hcp_http_docs_bind(hcp_http_server *server, GError **error);

#endif
