/* Shows the API's document with Swagger UI. It asks no other server, its validator included. */
'use strict';

const place = /** @type {HTMLElement} */ (document.getElementById('docs'));
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  validatorUrl: null,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: 'list',
  displayRequestDuration: true,
});
