/* What the console does in the browser by itself: presses, the live price, opening the slicer, and giving
   a lock back when the page is left with a dialog open. Loaded first: the other scripts use what is here. */
'use strict';

(function () {
  const namespaces = (window.dash_clientside = window.dash_clientside || {});
  const printdesk = (namespaces.printdesk = namespaces.printdesk || {});
  const SLICER_PATIENCE_MS = 1500;
  const drawn = [];

  /* Writes properties of a Dash component, if it is on the page. */
  printdesk.set = function (id, props) {
    if (namespaces.set_props && document.getElementById(id)) namespaces.set_props(id, props);
  };

  /* The same for a dcc.Store, which has no element: the caller knows that the page has it. */
  printdesk.store = (id, data) => namespaces.set_props(id, { data: data });

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
      return JSON.parse(localStorage.getItem(key)) ?? otherwise;
    } catch {
      return otherwise;
    }
  };

  printdesk.openDialog = () => document.querySelector('.modal.show');

  /* As services/jobs/costs.py: grams times price, half-up to a cent, at least the minimum. */
  printdesk.cost = function (weight, material, prices) {
    const perGram = prices && prices.cents_per_gram[material];
    if (!(weight > 0) || !perGram) return 'Cost: enter the weight.';
    const cents = Math.floor(weight * perGram + 0.5 + 1e-9);
    const charged = Math.max(cents, prices.minimum_cents);
    const words = 'Cost: $' + (charged / 100).toFixed(2);
    return cents < prices.minimum_cents ? words + ' (the minimum charge)' : words;
  };

  /* In a dialog, printer and colour follow the material, as on the students' form. */
  const idOf = (name) => '{"name":"' + name + '","type":"dialog-field"}';

  document.addEventListener('change', function (event) {
    const choices = event.target.id === idOf('material') && document.querySelector('.modal.show [data-pd-choices]');
    const fitting = choices && JSON.parse(choices.dataset.pdChoices)[event.target.value];
    for (const name of Object.keys(fitting || {})) offer(name, fitting[name]);
  });

  /* What is chosen stays if it is among the options; an only option is chosen. */
  function offer(name, options) {
    const select = document.getElementById(idOf(name));
    if (!select) return;
    const chosen = options.find((option) => option.value === select.value) || (options.length === 1 && options[0]);
    const props = { options: options, value: chosen ? chosen.value : '', placeholder: 'Choose…' };
    namespaces.set_props({ type: 'dialog-field', name: name }, props);
  }

  /* Buttons made by components/parts.py: a press writes their value into a dcc.Store. The time makes
     two presses of one button differ. */
  document.addEventListener('click', function (event) {
    const button = event.target.closest('[data-pd-store]');
    if (!button || button.disabled) return;
    const value = JSON.parse(button.dataset.pdValue);
    const data = value && typeof value === 'object' ? Object.assign({ at: Date.now() }, value) : value;
    printdesk.store(button.dataset.pdStore, data);
  });

  /* "Open in slicer": the link as browsers open it, a note in the job's history, and when the window is
     still in front a moment later, what to do when nothing opened. */
  document.addEventListener('click', function (event) {
    const link = event.target.closest('[data-pd-slicer]');
    if (!link) return;
    event.preventDefault();
    printdesk.store('dialog-pressed', Object.assign({ at: Date.now() }, JSON.parse(link.dataset.pdValue)));
    const path = link.dataset.pdPath;
    window.location.assign(link.dataset.pdSlicer);
    setTimeout(() => document.hasFocus() && showSlicerHelp(path), SLICER_PATIENCE_MS);
  });

  function showSlicerHelp(path) {
    const help = document.getElementById('slicer-help');
    if (!help || printdesk.openDialog()) return;
    help.querySelector('.pd-slicer-path').textContent = path;
    printdesk.enterHelp(help);
  }

  document.addEventListener('click', function (event) {
    const copy = event.target.closest('[data-pd-copy]');
    if (copy) copyPath(copy);
    const close = event.target.closest('[data-pd-close]');
    if (close) printdesk.leaveHelp(document.getElementById(close.dataset.pdClose));
  });

  /* For people who hear the page. */
  function say(words) {
    const line = document.getElementById('shell-said');
    if (line) line.textContent = words;
  }

  async function copyPath(button) {
    const inHelp = button.dataset.pdCopy === 'slicer-path';
    const path = inHelp ? document.querySelector('.pd-slicer-path').textContent : button.dataset.pdCopy;
    const icon = button.querySelector('.bi');
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

  /* It builds every element again, so the focus falls to nothing: it goes back to the same button of the
     same job. After a dialog that took the job away, to the job that stands there now. */
  let focused = null;

  function remember(element) {
    const card = element.closest('[data-job]');
    const list = card && card.parentElement;
    focused = {
      value: element.dataset.pdValue,
      store: element.dataset.pdStore,
      mark: element.dataset.pdMark,
      slicer: element.dataset.pdSlicer,
      job: card && card.dataset.job,
      place: list ? Array.prototype.indexOf.call(list.children, card) : -1,
    };
  }

  function sameElement(root) {
    const all = Array.from(root.querySelectorAll('[data-pd-value], [data-pd-mark]'));
    return all.find(
      (one) =>
        one.dataset.pdValue === focused.value &&
        one.dataset.pdStore === focused.store &&
        one.dataset.pdMark === focused.mark &&
        one.dataset.pdSlicer === focused.slicer &&
        !one.disabled,
    );
  }

  printdesk.restoreFocus = function () {
    if (!focused || document.activeElement !== document.body) return;
    const area = focused.job ? '.pd-card[data-job="' + focused.job + '"]' : 'main';
    const root = document.querySelector(area);
    const found = (root && sameElement(root)) || (focused.job && titleAt(focused.job, focused.place));
    if (found) found.focus({ preventScroll: true });
  };

  function titleAt(job, place) {
    const cards = Array.from(document.querySelectorAll('.pd-list > .pd-card'));
    const card = cards.find((one) => one.dataset.job === job) || cards[Math.min(place, cards.length - 1)];
    return card && card.querySelector('.pd-card-title button');
  }

  document.addEventListener('focusin', function (event) {
    if (event.target.matches('[data-pd-value], [data-pd-mark]')) remember(event.target);
    else if (!event.target.closest('.modal')) focused = null;
  });
  document.addEventListener('pointerdown', function (event) {
    const button = event.target.closest('[data-pd-value], [data-pd-mark]');
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
