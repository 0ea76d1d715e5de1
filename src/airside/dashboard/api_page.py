"""`/docs`: the API for people, with Swagger UI from this server's own files."""

HTML = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Airside API</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/swagger-ui/swagger-ui.css" />
    <script src="/swagger-ui/swagger-ui-bundle.js" defer></script>
    <script src="/docs.js" defer></script>
  </head>
  <body>
    <main id="api"><p>For programs: <a href="/openapi.json">openapi.json</a></p></main>
  </body>
</html>
"""

SCRIPT = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null, // nothing leaves this server
});
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI brings images and styles of its own; scripts come from here alone, as everywhere."""
