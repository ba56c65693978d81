/* Shows the API's document with Swagger UI, without requests to other servers such as its validator. */
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
