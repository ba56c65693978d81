/* What the console does in the browser by itself: presses, the live price, and giving a lock back when the
   page is left with a dialog open. */
'use strict';

(function () {
  const namespaces = (window.dash_clientside = window.dash_clientside || {});

  /* As services/costs.py: grams times price, half-up to a cent, at least the minimum. */
  function cost(weight, material, prices) {
    const perGram = prices && prices.cents_per_gram[material];
    if (!(weight > 0) || !perGram) return 'Cost: enter the weight.';
    const cents = Math.floor(weight * perGram + 0.5 + 1e-9);
    const charged = Math.max(cents, prices.minimum_cents);
    const words = 'Cost: $' + (charged / 100).toFixed(2);
    return cents < prices.minimum_cents ? words + ' (the minimum charge)' : words;
  }

  namespaces.printdesk = { cost: cost };

  /* Buttons made by components/parts.py: a press writes their value into a dcc.Store. The time makes
     two presses of one button differ. */
  document.addEventListener('click', function (event) {
    const button = event.target.closest('[data-pd-store]');
    if (!button || button.disabled) return;
    const value = JSON.parse(button.dataset.pdValue);
    const data = value && typeof value === 'object' ? Object.assign({ at: Date.now() }, value) : value;
    window.dash_clientside.set_props(button.dataset.pdStore, { data: data });
  });

  /* Closing the tab does not call the server's callback; a beacon still goes out. */
  window.addEventListener('pagehide', function () {
    const open = document.querySelector('.modal.show [data-pd-locked-job]');
    if (open) navigator.sendBeacon('/api/v1/jobs/' + open.dataset.pdLockedJob + '/unlock');
  });
})();
