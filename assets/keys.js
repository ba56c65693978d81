/* Keyboard shortcuts: see components/shortcuts.py. They are off while somebody types, in a dialog, or while
   Ctrl, Alt or Command is held. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;

  /** @param {Event} event */
  const isTyping = (event) =>
    printdesk.nearest(event, 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable="true"]');

  /* The focused job, or else the chosen one. */
  const card = () => document.activeElement?.closest('.pd-card') || document.querySelector('.pd-card-selected');

  /** @param {number} by */
  function step(by) {
    const titles = Array.from(document.querySelectorAll('.pd-list > .pd-card .pd-card-title button'));
    if (!titles.length) return;
    const here = titles.findIndex((title) => card()?.contains(title));
    const next = here < 0 ? (by > 0 ? 0 : titles.length - 1) : here + by;
    titles[Math.max(0, Math.min(next, titles.length - 1))].focus();
  }

  /* The focused card, or else the panel of the chosen job. */
  function place() {
    return document.activeElement?.closest('.pd-card') || document.getElementById('queue-panel');
  }

  /** @param {string} action */
  function press(action) {
    const buttons = Array.from(place()?.querySelectorAll('[data-pd-value]') || []);
    const found = buttons.find((button) => {
      const value = JSON.parse(button.dataset.pdValue ?? 'null');
      return value && value.action === action && !button.matches(':disabled');
    });
    if (found) found.click();
  }

  /**
   * @param {Element} within a card
   * @returns {HTMLElement | null}
   */
  const titleOf = (within) => within.querySelector('.pd-card-title button');

  async function openNotes() {
    const focused = document.activeElement?.closest('.pd-card');
    if (focused && !focused.matches('.pd-card-selected')) titleOf(focused)?.click();
    for (let tries = 0; tries < 40; tries += 1) {
      const notes = document.getElementById('notes-section');
      if (notes && !notes.hidden && (!focused || notes.dataset.job === focused.dataset.job)) {
        document.getElementById('notes-text')?.focus();
        return;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 50); // the job is being fetched
      });
    }
  }

  /* Escape closes the topmost element. */
  function close() {
    if (document.querySelector('#sound-panel:not([hidden])')) return; // assets/sound.js closes it
    const filters = /** @type {HTMLDetailsElement | null} */ (document.querySelector('.pd-more[open]'));
    const help = document.querySelector('.pd-slicer-help:not([hidden])');
    if (filters) {
      filters.open = false;
      filters.querySelector('summary')?.focus();
    } else if (help) printdesk.leaveHelp(help);
    else if (document.querySelector('#debug-panel:not([hidden])')) printdesk.toggleDebug();
    else if (document.querySelector('.pd-panel-open') && location.pathname === '/dashboard') {
      const chosen = document.querySelector('.pd-card-selected');
      printdesk.store('queue-selected', '');
      if (chosen) titleOf(chosen)?.focus();
    }
  }

  /** @type {Record<string, () => void>} */
  const KEYS = {
    '/': () => document.getElementById('queue-search')?.focus(),
    j: () => step(1),
    k: () => step(-1),
    n: openNotes,
    x: () => mark(card()),
    d: () => printdesk.toggleDebug(),
    '?': () => window.dash_clientside.set_props('help-modal', { is_open: true }),
    Escape: close,
  };

  /** @param {HTMLElement | null | undefined} of a card */
  function mark(of) {
    const box = of?.querySelector('[data-pd-mark]');
    if (box instanceof HTMLElement) box.click();
  }

  /**
   * The function of a key: one of the page, or an action of components/shortcuts.py.
   * @param {string} key
   */
  function find(key) {
    if (KEYS[key]) return KEYS[key];
    const actions = JSON.parse(document.querySelector('[data-pd-keys]')?.dataset.pdKeys || '{}');
    return actions[key] && (() => press(actions[key]));
  }

  /**
   * Tab stays within a dialog.
   * @param {HTMLElement} dialog
   * @param {KeyboardEvent} event
   */
  function keepInside(dialog, event) {
    const all = Array.from(dialog.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]'));
    const reachable = all.filter((one) => !one.matches(':disabled') && one.offsetParent !== null);
    const [first, last] = [reachable[0], reachable[reachable.length - 1]];
    const isOutside = !dialog.contains(document.activeElement) || document.activeElement === dialog;
    if (event.shiftKey ? document.activeElement !== first && !isOutside : document.activeElement !== last && !isOutside) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }

  /** @param {KeyboardEvent} event */
  const isHeld = (event) => event.ctrlKey || event.metaKey || event.altKey;
  /** @param {KeyboardEvent} event */
  const isOld = (event) => event.repeat && !['j', 'k'].includes(event.key);

  /** @param {KeyboardEvent} event */
  function onTyped(event) {
    const leaves = printdesk.nearest(event, '#queue-search') && ['Enter', 'Escape'].includes(event.key);
    if (leaves) document.getElementById('queue-list')?.focus(); // Escape has emptied the search
  }

  document.addEventListener('keydown', function (event) {
    const dialog = printdesk.openDialog();
    if (event.key === 'Tab' && dialog) keepInside(dialog, event);
    if (isHeld(event) || isOld(event) || event.isComposing) return;
    if (dialog || !document.querySelector('[data-pd-console]')) return;
    if (isTyping(event)) {
      onTyped(event);
      return;
    }
    const act = find(event.key);
    if (!act) return;
    if (event.key !== 'Escape') event.preventDefault(); // the "/" must not be typed into the search
    act();
  });

  document.addEventListener('click', function (event) {
    if (printdesk.nearest(event, '[data-pd-help]')) KEYS['?']();
    else if (printdesk.nearest(event, '.modal [data-pd-debug]')) {
      window.dash_clientside.set_props('help-modal', { is_open: false }); // it would cover the debug panel
    }
  });
})();
