/* What the console does in the browser by itself: presses, opening the slicer, and giving a lock back when the
   page is left with a dialog open. Loaded first: the other scripts use what is here. */
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

  /* The same for what has no element, such as a dcc.Store: the caller knows that the page has it. */
  printdesk.store = (id, data) => namespaces.set_props(id, { data });

  /* The element that an event is about, or the next one around it, that the selectors name. */
  printdesk.nearest = (event, selectors) => (event.target instanceof Element ? event.target.closest(selectors) : null);

  /* Calls `action` whenever Dash has drawn something anew, before it is painted. */
  printdesk.onRedraw = function (action) {
    drawn.push(action);
    action();
  };

  /* What a person has set for this browser; storage may be refused, then it lasts for the page. */
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
   * What is chosen stays if it is among the options; an only option is chosen.
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

  /* Buttons made by components/parts.py: a press writes their value into a dcc.Store. The time makes
     two presses of one button differ. */
  document.addEventListener('click', function (event) {
    const button = printdesk.nearest(event, '[data-pd-store]');
    if (!button || isDisabled(button)) return;
    const { pdStore: id = '', pdValue = 'null' } = button.dataset;
    const value = JSON.parse(pdValue);
    printdesk.store(id, value && typeof value === 'object' ? { at: Date.now(), ...value } : value);
  });

  /** @param {HTMLElement} element */
  const isDisabled = (element) => element instanceof HTMLButtonElement && element.disabled;

  /* "Open in slicer": the link as browsers open it, a note in the job's history, and when the window is
     still in front a moment later, what to do when nothing opened. */
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
   * For people who hear the page.
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
      showSlicerHelp(path); // no clipboard without https: from there it can be copied by hand
    }
    setTimeout(() => (icon.className = 'bi bi-clipboard'), 2000);
  }

  /* Closing the tab does not call the server's callback; a beacon still goes out. */
  window.addEventListener('pagehide', function () {
    const open = document.querySelector('.modal.show [data-pd-locked-job]');
    if (open) navigator.sendBeacon('/api/v1/jobs/' + open.dataset.pdLockedJob + '/unlock');
  });

  /* ---- What Dash takes away when it draws anew ---- */

  const MARKS = ['pdValue', 'pdStore', 'pdMark', 'pdSlicer'];

  /**
   * It builds every element again, so the focus falls to nothing: it goes back to the same button of the
   * same job. After a dialog that took the job away, to the job that stands there now.
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
  /* A dialog gives the focus back to the button that opened it; when that is gone, to its neighbour. */
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
