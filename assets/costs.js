/* The live price in a dialog. services/jobs/costs.py is authoritative; both are tested against
   tests/support/prices.py. Computed with BigInt, because 1.005 has no exact binary fraction. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;

  /**
   * A written number as an integer number of units of its last decimal place.
   * @param {string | number} written
   * @returns {{ units: bigint, places: number } | null} null when it is not a number of zero or more
   */
  function read(written) {
    const found = /^\s*(\d*)\.?(\d*)(?:e([+-]?\d{1,3}))?\s*$/i.exec(String(written));
    if (!found || !(found[1] || found[2])) return null;
    const places = found[2].length - Number(found[3] || 0);
    const units = BigInt(found[1] + found[2]);
    return places < 0 ? { units: units * 10n ** BigInt(-places), places: 0 } : { units, places };
  }

  /**
   * @param {bigint} cents
   * @returns {string} as people write it: "$1,234.50"
   */
  function formatMoney(cents) {
    const dollars = String(cents / 100n).replace(/\B(?=(\d{3})+$)/g, ',');
    return '$' + dollars + '.' + String(cents % 100n).padStart(2, '0');
  }

  /* Called by Dash: grams times price, half-up to a cent, at least the minimum. */
  printdesk.cost = function (weight, material, prices) {
    const grams = read(weight ?? '');
    const perGram = read(prices?.cents_per_gram[material ?? ''] ?? '');
    if (!prices || !grams?.units || !perGram?.units) return 'Cost: enter the weight.';
    const one = 10n ** BigInt(grams.places + perGram.places);
    const cents = (2n * grams.units * perGram.units + one) / (2n * one);
    const minimum = BigInt(prices.minimum_cents);
    if (cents < minimum) return 'Cost: ' + formatMoney(minimum) + ' (the minimum charge)';
    return 'Cost: ' + formatMoney(cents);
  };
})();
