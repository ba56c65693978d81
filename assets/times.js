// Shows every <time datetime="...Z" data-format="datetime|date|time|ago|left"> in the reader's own zone.
// "ago" and "left" (how long until then) are refreshed twice a minute; "ago" inside .pd-age is coloured by
// age, and says it in words. Used by the student pages
// and by the Dash console, whose elements come and go: hence the observer.
'use strict';

(() => {
  const HOUR_MS = 3_600_000;
  const REFRESH_MS = 30_000;
  const SELECTOR = 'time[datetime][data-format]';
  /** @type {[number, string, string][]} */
  const AGES = [
    [24, 'pd-age-green', 'waiting for less than a day'],
    [48, 'pd-age-yellow', 'waiting for more than a day'],
    [72, 'pd-age-orange', 'waiting for more than two days'],
    [Infinity, 'pd-age-red', 'waiting for more than three days'],
  ];

  /** @type {Record<string, Intl.DateTimeFormat>} */
  const formats = {
    datetime: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }),
    date: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }),
    time: new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' }),
  };
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

  /**
   * "3h 12m", "2d 4h", "5m"; under a minute an empty string.
   * @param {number} ms
   */
  function duration(ms) {
    const minutes = Math.floor(ms / 60_000);
    const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
    if (days) return hours ? `${days}d ${hours}h` : `${days}d`;
    if (hours) return rest ? `${hours}h ${rest}m` : `${hours}h`;
    return minutes ? `${minutes}m` : '';
  }

  /** @param {number} ms */
  function ago(ms) {
    const text = duration(Math.abs(ms));
    if (!text) return 'just now';
    return ms < 0 ? `in ${text}` : `${text} ago`;
  }

  /**
   * Writes only changes, and into the existing text node: React keeps a reference to that node, and the
   * observer below would otherwise react to its own changes for ever.
   * @param {Element} element
   * @param {string} text
   */
  function setText(element, text) {
    if (element.textContent === text) return;
    const only = element.childNodes.length === 1 && element.firstChild;
    if (only && only.nodeType === Node.TEXT_NODE) only.nodeValue = text;
    else element.textContent = text;
  }

  /**
   * @param {HTMLElement} element
   * @param {number} ms
   */
  function colourByAge(element, ms) {
    const chip = element.closest('.pd-age');
    if (!chip) return;
    const tip = exact.format(new Date(Date.now() - ms));
    if (chip.dataset.tip !== tip) chip.dataset.tip = tip;
    const words = chip.querySelector('.pd-age-words');
    if (chip.classList.contains('pd-age-calm')) {
      if (words) setText(words, ', ' + tip);
      return;
    }
    const [, colour, waiting] = AGES.find(([hours]) => ms < hours * HOUR_MS) ?? AGES[AGES.length - 1];
    for (const [, name] of AGES) {
      if (chip.classList.contains(name) !== (name === colour)) chip.classList.toggle(name);
    }
    if (words) setText(words, `, ${waiting}, since ${tip}`);
  }

  /**
   * When the time is over, an event is sent once, because the offered actions may change.
   * @param {HTMLElement} element
   * @param {number} ms
   */
  function left(element, ms) {
    if (ms > 0) return `${duration(ms) || 'less than 1m'} left`;
    if (!element.dataset.over) {
      element.dataset.over = '1';
      document.dispatchEvent(new CustomEvent('printdesk:time-over'));
    }
    return 'over';
  }

  /** @param {HTMLElement} element */
  function show(element) {
    const at = new Date(element.getAttribute('datetime') ?? '');
    if (Number.isNaN(at.getTime())) return; // keeps the server's text
    const format = element.dataset.format ?? '';
    if (format === 'ago') {
      const ms = Date.now() - at.getTime();
      setText(element, ago(ms));
      colourByAge(element, ms);
    } else if (format === 'left') {
      setText(element, left(element, at.getTime() - Date.now()));
    } else if (formats[format]) {
      setText(element, formats[format].format(at));
    }
    const title = exact.format(at);
    if (!element.closest('.pd-age') && element.title !== title) element.title = title;
  }

  /** @param {Node | null} node */
  const isTime = (node) => node instanceof HTMLElement && node.matches(SELECTOR);

  /** @param {Node} root */
  function showAll(root) {
    if (!(root instanceof HTMLElement)) return;
    if (isTime(root)) show(root);
    root.querySelectorAll(SELECTOR).forEach((one) => show(one));
  }

  /** @param {MutationRecord[]} mutations */
  function onMutations(mutations) {
    for (const { type, target, addedNodes } of mutations) {
      const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
      if (element instanceof HTMLElement && isTime(element)) show(element);
      if (type === 'childList') addedNodes.forEach(showAll);
    }
  }

  function start() {
    showAll(document.documentElement);
    new MutationObserver(onMutations).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
      attributeFilter: ['datetime', 'data-format', 'class'],
    });
    setInterval(() => document.querySelectorAll('time[data-format="ago"], time[data-format="left"]').forEach((one) => show(one)), REFRESH_MS);
  }

  const printdesk = (window.printdesk = window.printdesk || {});
  if (printdesk.ago) return; // already loaded
  printdesk.ago = (iso) => ago(Date.now() - new Date(iso).getTime());
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
