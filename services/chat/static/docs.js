// Draws the API page from this server's own OpenAPI document.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });
