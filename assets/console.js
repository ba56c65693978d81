/* Basic behaviour of the console in the browser: clicks on buttons, opening the slicer, and releasing a lock
   when the page is left with an open dialog. Loaded first: the other scripts use its functions. */
'use strict';

(function () {
  const namespaces = (window.dash_clientside = window.dash_clientside || {});
  const printdesk = (namespaces.printdesk = namespaces.printdesk || {});
  const SLICER_PATIENCE_MS = 1500;
  /** @type {(() => void)[]} */
  const drawn = [];

  /* Writes properties of a Dash component, if it is on the page. */
  printdesk.set = function (id, props) {
    if (namespaces.set_props && document.getElementById(id)) namespaces.set_props(id, props);
  };

  /* The same for components without an element, such as a dcc.Store; the caller knows that they exist. */
  printdesk.store = (id, data) => namespaces.set_props(id, { data });

  /* The target of an event, or its closest ancestor, that matches the selectors. */
  printdesk.nearest = (event, selectors) => (event.target instanceof Element ? event.target.closest(selectors) : null);

  /* Calls `action` whenever Dash has redrawn something, before the browser paints it. */
  printdesk.onRedraw = function (action) {
    drawn.push(action);
    action();
  };

  /* A person's preferences in this browser; without storage they last until the page is closed. */
  printdesk.keep = function (key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      /* see above */
    }
  };
  printdesk.kept = function (key, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(key) ?? 'null') ?? otherwise;
    } catch {
      return otherwise;
    }
  };

  printdesk.openDialog = () => document.querySelector('.modal.show');

  /* In a dialog, printer and colour follow the material, as on the students' form. */

  /** @param {string} name */
  const idOf = (name) => '{"name":"' + name + '","type":"dialog-field"}';

  document.addEventListener('change', function (event) {
    const material = event.target;
    if (!(material instanceof HTMLSelectElement) || material.id !== idOf('material')) return;
    const choices = document.querySelector('.modal.show [data-pd-choices]')?.dataset.pdChoices;
    const fitting = choices && JSON.parse(choices)[material.value];
    for (const name of Object.keys(fitting || {})) offer(name, fitting[name]);
  });

  /**
   * Sets a choice's options. The current value stays if it is among them; a single option is selected.
   * @param {string} name
   * @param {{ label: string, value: string }[]} options
   */
  function offer(name, options) {
    const select = document.getElementById(idOf(name));
    if (!(select instanceof HTMLSelectElement)) return;
    const chosen = options.find((option) => option.value === select.value) || (options.length === 1 && options[0]);
    const props = { options, value: chosen ? chosen.value : '', placeholder: 'Choose…' };
    namespaces.set_props({ type: 'dialog-field', name }, props);
  }

  /* Buttons from components/parts.py: a click writes their value into a dcc.Store. The time distinguishes two
     clicks on the same button. */
  document.addEventListener('click', function (event) {
    const button = printdesk.nearest(event, '[data-pd-store]');
    if (!button || isDisabled(button)) return;
    const { pdStore: id = '', pdValue = 'null' } = button.dataset;
    const value = JSON.parse(pdValue);
    printdesk.store(id, value && typeof value === 'object' ? { at: Date.now(), ...value } : value);
  });

  /** @param {HTMLElement} element */
  const isDisabled = (element) => element instanceof HTMLButtonElement && element.disabled;

  /* "Open in slicer": opens the link, adds an event to the job's history, and shows help if the window still has
     the focus a moment later, because nothing has opened. */
  document.addEventListener('click', function (event) {
    const link = printdesk.nearest(event, '[data-pd-slicer]');
    if (!link) return;
    event.preventDefault();
    const { pdValue = '{}', pdPath = '', pdSlicer = '' } = link.dataset;
    printdesk.store('dialog-pressed', { at: Date.now(), ...JSON.parse(pdValue) });
    window.location.assign(pdSlicer);
    setTimeout(() => document.hasFocus() && showSlicerHelp(pdPath), SLICER_PATIENCE_MS);
  });

  const shownPath = () => document.querySelector('.pd-slicer-path');

  /** @param {string} path */
  function showSlicerHelp(path) {
    const help = document.getElementById('slicer-help');
    const place = shownPath();
    if (!help || !place || printdesk.openDialog()) return;
    place.textContent = path;
    printdesk.enterHelp(help);
  }

  document.addEventListener('click', function (event) {
    const copy = printdesk.nearest(event, '[data-pd-copy]');
    if (copy) copyPath(copy);
    const close = printdesk.nearest(event, '[data-pd-close]');
    const help = close && document.getElementById(close.dataset.pdClose ?? '');
    if (help) printdesk.leaveHelp(help);
  });

  /**
   * Announces a message to screen readers.
   * @param {string} words
   */
  function say(words) {
    const line = document.getElementById('shell-announcer');
    if (line) line.textContent = words;
  }

  /** @param {HTMLElement} button */
  async function copyPath(button) {
    const inHelp = button.dataset.pdCopy === 'slicer-path';
    const path = (inHelp ? shownPath()?.textContent : button.dataset.pdCopy) ?? '';
    const icon = /** @type {HTMLElement} */ (button.querySelector('.bi'));
    try {
      await navigator.clipboard.writeText(path);
      icon.className = 'bi bi-clipboard-check';
      say('The path is copied.');
    } catch {
      showSlicerHelp(path); // without https there is no clipboard: the help shows the path for manual copying
    }
    setTimeout(() => (icon.className = 'bi bi-clipboard'), 2000);
  }

  /* Closing the tab does not trigger the server's callback, but a beacon is still sent. */
  window.addEventListener('pagehide', function () {
    const open = document.querySelector('.modal.show [data-pd-locked-job]');
    if (open) navigator.sendBeacon('/api/v1/jobs/' + open.dataset.pdLockedJob + '/unlock');
  });

  /* ---- Restoring the focus after Dash has redrawn ---- */

  const MARKS = ['pdValue', 'pdStore', 'pdMark', 'pdSlicer'];

  /**
   * Dash rebuilds every element, which loses the focus: it returns to the same button of the same job. After
   * a dialog that has moved the job away, it goes to the job that is now in its place.
   * @type {{ marks: DOMStringMap, job: string, place: number } | null}
   */
  let focused = null;

  /** @param {HTMLElement} element */
  function remember(element) {
    const card = element.closest('[data-job]');
    const place = card?.parentElement ? Array.from(card.parentElement.children).indexOf(card) : -1;
    focused = { marks: { ...element.dataset }, job: card?.dataset.job ?? '', place };
  }

  /**
   * @param {ParentNode} root
   * @param {DOMStringMap} marks
   */
  function findSame(root, marks) {
    const all = Array.from(root.querySelectorAll('[data-pd-value], [data-pd-mark]'));
    return all.find((one) => MARKS.every((name) => one.dataset[name] === marks[name]) && !isDisabled(one));
  }

  printdesk.restoreFocus = function () {
    if (!focused || document.activeElement !== document.body) return;
    const { marks, job, place } = focused;
    const root = document.querySelector(job ? '.pd-card[data-job="' + job + '"]' : 'main');
    const found = (root && findSame(root, marks)) || (job && titleAt(job, place));
    if (found) found.focus({ preventScroll: true });
  };

  /**
   * @param {string} job
   * @param {number} place
   */
  function titleAt(job, place) {
    const cards = Array.from(document.querySelectorAll('.pd-list > .pd-card'));
    const card = cards.find((one) => one.dataset.job === job) || cards[Math.min(place, cards.length - 1)];
    return card && /** @type {HTMLElement | null} */ (card.querySelector('.pd-card-title button'));
  }

  document.addEventListener('focusin', function (event) {
    if (!(event.target instanceof HTMLElement)) return;
    if (event.target.matches('[data-pd-value], [data-pd-mark]')) remember(event.target);
    else if (!event.target.closest('.modal')) focused = null;
  });
  document.addEventListener('pointerdown', function (event) {
    const button = printdesk.nearest(event, '[data-pd-value], [data-pd-mark]');
    if (button) remember(button); // Safari does not focus buttons on a click
  });
  /* A dialog returns the focus to the button that opened it, or to its neighbour if that is gone. */
  new MutationObserver(function () {
    if (!document.body.classList.contains('modal-open')) setTimeout(printdesk.restoreFocus, 50);
  }).observe(document.body, { attributes: true, attributeFilter: ['class'] });

  function start() {
    new MutationObserver(function (changes) {
      if (!changes.some((change) => change.addedNodes.length)) return;
      drawn.forEach((action) => action());
      printdesk.restoreFocus();
    }).observe(document.body, { childList: true, subtree: true });
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
