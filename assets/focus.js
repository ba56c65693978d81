/* Moves the focus when the focused element is covered, hidden or removed, so that keyboard users never lose it.
   assets/console.js restores it after Dash has redrawn. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const PATIENCE_MS = 5000; // for elements that appear only after an answer of the server
  const LOOK_MS = 50;

  let turn = 0;

  /**
   * Gives it to the first of the selectors that can take it, as soon as one can; not when the person has gone
   * on to something else meanwhile.
   * @param {string[]} selectors
   */
  function lead(...selectors) {
    const mine = (turn += 1);
    const from = document.activeElement;
    const until = Date.now() + PATIENCE_MS;
    (function look() {
      if (mine !== turn || (!isNowhere() && document.activeElement !== from)) return;
      for (const selector of selectors) {
        const found = document.querySelector(selector);
        if (!found || !found.getClientRects().length) continue;
        found.focus();
        if (document.activeElement === found) return;
      }
      if (Date.now() < until) setTimeout(look, LOOK_MS);
    })();
  }

  const isNowhere = () => !document.activeElement || document.activeElement === document.body;

  /* ---- The panel that covers the page in a narrow window ---- */

  const UNDER = '.pd-skip, .pd-header, .pd-tabs, [aria-label="Jobs"]';
  const narrow = window.matchMedia('(max-width: 999.98px)'); // as in assets/staff.css
  let chosen = '';
  let covering = ''; // the job whose panel covers the page

  /* Called whenever a job is chosen or the page is redrawn: makes covered elements unreachable by keyboard. */
  printdesk.cover = function (job) {
    chosen = job;
    const panel = document.querySelector('.pd-panel-open');
    const now = panel && narrow.matches ? job : '';
    for (const one of document.querySelectorAll(UNDER)) one.inert = Boolean(now);
    const before = covering;
    covering = now;
    if (now && !before) panel?.focus({ preventScroll: true });
    if (now) setTimeout(toHeading, 0);
    else if (before && narrow.matches) lead(titleOf(before), '#queue-list');
  };

  /** @param {string} job */
  const titleOf = (job) => '.pd-card[data-job="' + CSS.escape(job) + '"] .pd-card-title button';

  /* The heading appears after the panel, and is redrawn with every change of the job. */
  function toHeading() {
    const panel = document.querySelector('.pd-panel-open');
    if (!covering || !panel || printdesk.openDialog()) return;
    if (isNowhere() || document.activeElement === panel) panel.querySelector('.pd-panel-title')?.focus();
  }

  narrow.addEventListener('change', () => printdesk.cover(chosen));

  /* ---- Elements that replace the clicked button ---- */

  document.addEventListener('click', function (event) {
    const button = printdesk.nearest(event, '[data-pd-store]');
    if (!button) return;
    const is3d = button.dataset.pdStore === 'preview-open';
    if (is3d && button.closest('.pd-preview')) lead('.pd-viewer-tools [data-pd-store="preview-open"]');
    else if (is3d) lead('.pd-preview-open [data-pd-store="preview-open"]');
    else if (button.closest('.pd-pager')) toBeginning();
  });

  /* Scrolls to the top of another page of the list. */
  function toBeginning() {
    const list = /** @type {HTMLElement} */ (document.getElementById('queue-list'));
    list.focus({ preventScroll: true });
    list.scrollIntoView({ block: 'start' });
  }

  /* ---- The help that appears when no slicer has opened ---- */

  /** @type {HTMLElement | null} */
  let opener = null;

  printdesk.enterHelp = function (help) {
    help.hidden = false;
    const at = document.activeElement;
    if (at?.matches('input, textarea, select')) return; // the person is typing
    opener = at && at.closest('[data-pd-slicer], [data-pd-copy]');
    help.focus();
  };

  printdesk.leaveHelp = function (help) {
    const hadIt = help.contains(document.activeElement);
    help.hidden = true;
    if (hadIt && opener) standIn(opener)?.focus();
    opener = null;
  };

  /**
   * The button that opened the help, or its redrawn replacement.
   * @param {HTMLElement} element
   */
  function standIn(element) {
    if (element.isConnected) return element;
    const like = 'pdSlicer' in element.dataset ? 'pdSlicer' : 'pdCopy';
    const all = Array.from(document.querySelectorAll('[data-pd-slicer], [data-pd-copy]'));
    return all.find((one) => one.dataset[like] === element.dataset[like]);
  }
})();
