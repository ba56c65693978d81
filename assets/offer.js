/* In the approve dialog, "Use the …" selects the printer of the sliced file in the Printer field. */
'use strict';

(function () {
  const { nearest } = window.dash_clientside.printdesk;
  const FIELD = { name: 'printer', type: 'dialog-field' };

  /** @param {string} words */
  function say(words) {
    const line = document.querySelector('.modal.show .pd-offer-said');
    if (line) line.textContent = words;
  }

  document.addEventListener('click', function (event) {
    const button = nearest(event, '[data-pd-printer]');
    if (!button) return;
    const { pdPrinter: printer, pdName: name } = button.dataset;
    const select = /** @type {HTMLSelectElement} */ (document.getElementById(JSON.stringify(FIELD)));
    const isOffered = Array.from(select.options).some((option) => option.value === printer);
    if (isOffered) window.dash_clientside.set_props(FIELD, { value: printer });
    say(isOffered ? 'The printer below is now the ' + name + '.' : 'The ' + name + ' does not print this material.');
  });

  /* The message no longer applies once somebody makes another choice. */
  document.addEventListener('change', function (event) {
    if (event.target instanceof Element && /"name":"(printer|material)"/.test(event.target.id)) say('');
  });
})();
