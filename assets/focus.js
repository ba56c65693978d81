/* Where the focus goes when what had it is covered, hidden or drawn no more: nobody who works by keyboard is
   left with nothing, or behind what lies on top. assets/console.js gives it back to what Dash draws anew. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const PATIENCE_MS = 5000; // for what the server has to answer first
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

  /* ---- The panel that lies over the page, on a narrow window ---- */

  const UNDER = '.pd-skip, .pd-header, .pd-tabs, [aria-label="Jobs"]';
  const narrow = window.matchMedia('(max-width: 999.98px)'); // as in assets/staff.css
  let chosen = '';
  let covering = ''; // the job whose panel does

  /* Called whenever a job was chosen or the page was drawn: what cannot be seen cannot be reached either. */
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

  /* It comes a moment later than the panel, and anew with every change of the job. */
  function toHeading() {
    const panel = document.querySelector('.pd-panel-open');
    if (!covering || !panel || printdesk.openDialog()) return;
    if (isNowhere() || document.activeElement === panel) panel.querySelector('.pd-panel-title')?.focus();
  }

  narrow.addEventListener('change', () => printdesk.cover(chosen));

  /* ---- What takes the place of the button that was pressed ---- */

  document.addEventListener('click', function (event) {
    const button = printdesk.nearest(event, '[data-pd-store]');
    if (!button) return;
    const is3d = button.dataset.pdStore === 'preview-open';
    if (is3d && button.closest('.pd-preview')) lead('.pd-viewer-tools [data-pd-store="preview-open"]');
    else if (is3d) lead('.pd-preview-open [data-pd-store="preview-open"]');
    else if (button.closest('.pd-pager')) toBeginning();
  });

  /* Another page of the list begins at its top. */
  function toBeginning() {
    const list = /** @type {HTMLElement} */ (document.getElementById('queue-list'));
    list.focus({ preventScroll: true });
    list.scrollIntoView({ block: 'start' });
  }

  /* ---- The help that comes when no slicer opened ---- */

  /** @type {HTMLElement | null} */
  let opener = null;

  printdesk.enterHelp = function (help) {
    help.hidden = false;
    const at = document.activeElement;
    if (at?.matches('input, textarea, select')) return; // somebody writes meanwhile
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
   * The opener, or what was drawn in its place.
   * @param {HTMLElement} element
   */
  function standIn(element) {
    if (element.isConnected) return element;
    const like = 'pdSlicer' in element.dataset ? 'pdSlicer' : 'pdCopy';
    const all = Array.from(document.querySelectorAll('[data-pd-slicer], [data-pd-copy]'));
    return all.find((one) => one.dataset[like] === element.dataset[like]);
  }
})();
