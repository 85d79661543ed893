// SPDX-License-Identifier: Apache-2.0
// Everything comes from this server: the page works without a network.
SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#api",
    deepLinking: true,
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
});
