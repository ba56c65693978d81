/* The queue in the browser: the page's address contains the view, so that it can be bookmarked and Back works;
   chosen and selected cards survive every refresh. */
'use strict';

(function () {
  const namespaces = window.dash_clientside;
  const printdesk = namespaces.printdesk;
  const PATH = '/dashboard';
  /**
   * The defaults of components/queueview.py, which the address leaves out.
   * @type {View}
   */
  const DEFAULTS = {
    status: 'UPLOADED',
    page: 1,
    search: '',
    printer: 'all',
    discipline: 'all',
    material: 'all',
    from: '',
    to: '',
    expired: false,
    unreviewed: false,
    reason: 'all',
    sort: 'oldest',
  };
  const CONTROLS = Object.keys(DEFAULTS).filter((name) => name !== 'status' && name !== 'page');
  const NARROWING = CONTROLS.filter((name) => name !== 'sort');

  /** @type {View | null} */
  let view = null;
  let job = '';
  let lastChange = '';
  /** @type {string | null} */
  let aim = null; // the address that Back led to, until the view has followed
  /** @type {Set<string>} */
  const marked = new Set();

  const isHere = () => location.pathname === PATH;
  /**
   * @param {string} name
   * @param {View[string] | null | undefined} value
   */
  const isDefault = (name, value) => value === DEFAULTS[name] || value === null || value === undefined || value === '';

  /* ---- View and address ---- */

  /**
   * @param {View} now
   * @param {string} chosen
   */
  function addressOf(now, chosen) {
    const query = new URLSearchParams();
    for (const name of Object.keys(DEFAULTS)) {
      if (!isDefault(name, now[name])) query.set(name, now[name] === true ? '1' : String(now[name]));
    }
    if (chosen) query.set('job', chosen);
    const text = query.toString();
    return PATH + (text ? '?' + text : '');
  }

  /** @param {string} search */
  function viewOf(search) {
    const query = new URLSearchParams(search);
    const read = { ...DEFAULTS };
    for (const name of Object.keys(DEFAULTS)) {
      const text = query.get(name);
      if (text === null) continue;
      if (typeof DEFAULTS[name] === 'boolean') read[name] = text === '1' || text === 'true';
      else read[name] = name === 'page' ? Number(text) || 1 : text;
    }
    return read;
  }

  /* Called by Dash when a tab, page or control was changed. Only the changed part is updated, and a new filter
     starts at the first page. */
  printdesk.readControls = function (go, ...rest) {
    const present = rest[rest.length - 1];
    const values = rest.slice(0, -1);
    const next = Object.assign({}, present);
    for (const { prop_id: changed } of namespaces.callback_context.triggered) {
      const name = changed.split('.')[0].replace('queue-', '');
      if (name === 'go') {
        Object.assign(next, go);
        delete next.at; // which only makes two presses differ
      } else {
        const given = values[CONTROLS.indexOf(name)];
        const value = given === null || given === undefined ? DEFAULTS[name] : given;
        if (value !== next[name]) Object.assign(next, { [name]: value, page: 1 });
      }
    }
    return JSON.stringify(next) === JSON.stringify(present) ? namespaces.no_update : next;
  };

  /* Called by Dash when the view or the chosen job has changed. Returns the page's address for it. */
  printdesk.showView = function (now, chosen) {
    const before = view;
    view = now;
    if (before && before.status !== now.status) marked.clear();
    const changed = Object.keys(DEFAULTS).filter((name) => before && before[name] !== now[name]);
    if (job !== (chosen || '')) changed.push('job');
    job = chosen || '';
    showFilters(now);
    redraw();
    return showAddress(now, changed.join());
  };

  /**
   * Further typing in the search replaces the last entry of the browser history; other changes add one.
   * @param {View} now
   * @param {string} change the names of what has changed
   */
  function showAddress(now, change) {
    const address = addressOf(now, job);
    if (aim) {
      if (address === aim) aim = null;
    } else if (isHere() && address !== location.pathname + location.search) {
      const goesOn = change === lastChange && /^(page,)?search$/.test(change);
      history[goesOn ? 'replaceState' : 'pushState'](history.state, '', address);
    }
    lastChange = change;
    return address;
  }

  /** @param {View} now */
  function showFilters(now) {
    const narrowed = NARROWING.filter((name) => !isDefault(name, now[name]));
    const clear = document.querySelector('[data-pd-clear-filters]');
    if (clear) clear.hidden = narrowed.length === 0;
    const more = narrowed.filter((name) => !['search', 'printer', 'discipline'].includes(name));
    const count = document.querySelector('.pd-more > summary .pd-count');
    if (count) {
      count.hidden = more.length === 0;
      count.textContent = String(more.length);
    }
  }

  /**
   * @param {View} wanted
   * @param {string} [chosen] a job, or none with ''; without it, the one that is chosen stays
   */
  function goTo(wanted, chosen) {
    printdesk.store('queue-go', { ...wanted, at: Date.now() });
    for (const name of CONTROLS) {
      const options = name === 'reason' ? reasonsWith(wanted.reason) : {};
      printdesk.set('queue-' + name, { value: wanted[name], ...options });
    }
    if (chosen !== undefined && chosen !== job) printdesk.store('queue-selected', chosen);
  }

  /**
   * Staff can enter their own reasons: the page knows only the one in its address.
   * @param {string} reason
   */
  function reasonsWith(reason) {
    const select = document.getElementById('queue-reason');
    const known = select instanceof HTMLSelectElement ? Array.from(select.options) : [];
    if (!known.length || known.some((option) => option.value === reason)) return {};
    const options = known.map((option) => ({ label: option.text, value: option.value }));
    return { options: [...options, { label: reason, value: reason }] };
  }

  document.addEventListener('click', function (event) {
    if (!view || !printdesk.nearest(event, '[data-pd-clear-filters]')) return;
    const cleared = Object.fromEntries(NARROWING.map((name) => [name, DEFAULTS[name]]));
    goTo({ ...view, ...cleared, page: 1 });
    document.getElementById('queue-search')?.focus();
  });

  /**
   * Back and Forward within the queue. Dash would reload the whole page, which is not needed.
   * @param {Event} event
   */
  function onMove(event) {
    const close = document.querySelector('.modal.show .btn-close');
    if (close) close.click();
    if (!isHere() || !view || !document.getElementById('queue-list')) return;
    event.stopImmediatePropagation();
    const [wanted, chosen] = [viewOf(location.search), new URLSearchParams(location.search).get('job') || ''];
    aim = addressOf(wanted, chosen);
    setTimeout(() => (aim = null), 1000); // an address with unknown values is never reached
    lastChange = '';
    if (aim === addressOf(view, job)) aim = null;
    else goTo(wanted, chosen);
  }
  window.addEventListener('popstate', onMove, true);

  /* Links to the queue, clicked on the queue itself, reset its view. */
  document.addEventListener(
    'click',
    function (event) {
      const link = printdesk.nearest(event, 'a[href="' + PATH + '"]');
      if (!link || !isHere() || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      if (!view || !document.getElementById('queue-list')) return;
      event.preventDefault();
      event.stopPropagation();
      goTo(DEFAULTS, '');
    },
    true,
  );

  /* ---- Chosen and selected cards ---- */

  /** @param {HTMLElement} card */
  const idOf = (card) => card.dataset.job ?? '';
  const cards = () => Array.from(document.querySelectorAll('.pd-list > .pd-card'));

  function redraw() {
    const present = cards();
    for (const card of present) {
      const isChosen = card.dataset.job === job;
      const isMarked = marked.has(idOf(card));
      card.classList.toggle('pd-card-selected', isChosen);
      card.classList.toggle('pd-card-marked', isMarked);
      set(card.querySelector('.pd-card-title button'), 'aria-pressed', isChosen);
      set(card.querySelector('[data-pd-mark]'), 'aria-checked', isMarked);
    }
    document.getElementById('queue-panel')?.classList.toggle('pd-panel-open', Boolean(job) && isHere());
    showTab();
    showMarked(present);
    printdesk.cover(isHere() ? job : '');
  }

  /**
   * @param {Element | null} element
   * @param {string} name
   * @param {boolean} value
   */
  function set(element, name, value) {
    if (element && element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }

  let shownTab = '';

  /* On a phone the row of tabs scrolls sideways. The active tab is scrolled into view when it has changed;
     otherwise the row stays where somebody has scrolled it. */
  function showTab() {
    const row = document.getElementById('queue-tabs');
    const tab = document.querySelector('#queue-tabs [aria-selected="true"]');
    if (!row || !tab || !view || shownTab === view.status) return;
    if (JSON.parse(tab.dataset.pdValue ?? '{}').status !== view.status) return;
    shownTab = view.status;
    const middle = tab.getBoundingClientRect().left + tab.offsetWidth / 2;
    row.scrollLeft += middle - row.getBoundingClientRect().left - row.clientWidth / 2;
  }

  /** @param {HTMLElement[]} present */
  function showMarked(present) {
    const bar = document.getElementById('queue-marked');
    if (!bar || !view) return;
    bar.hidden = marked.size === 0;
    const count = bar.querySelector('.pd-marked-count');
    const words = marked.size === 1 ? '1 job selected' : marked.size + ' jobs selected';
    if (count && count.textContent !== words) count.textContent = words;
    for (const button of document.querySelectorAll('#queue-marked [data-pd-batch]')) {
      button.hidden = !button.dataset.pdStatuses?.split(' ').includes(view.status);
    }
    const all = document.querySelector('#queue-marked [data-pd-mark-all]');
    if (all) all.hidden = present.every((card) => marked.has(idOf(card)));
  }

  let lastMarked = '';

  /**
   * @param {string} id
   * @param {boolean} on
   */
  function mark(id, on) {
    if (on) marked.add(id);
    else marked.delete(id);
  }

  /**
   * @param {string} id
   * @param {boolean} withShift selects all from the last selected card to this one
   */
  function onMark(id, withShift) {
    const on = !marked.has(id);
    const order = cards().map(idOf);
    const [from, to] = [order.indexOf(lastMarked), order.indexOf(id)];
    if (withShift && from >= 0 && to >= 0) {
      order.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((one) => mark(one, on));
    } else mark(id, on);
    lastMarked = id;
    redraw();
  }

  document.addEventListener('click', function (event) {
    const target = printdesk.nearest(event, '[data-pd-mark], [data-pd-mark-all], [data-pd-mark-none], [data-pd-batch]');
    if (!target) return;
    if (target.dataset.pdMark) onMark(target.dataset.pdMark, event.shiftKey);
    else if (target.dataset.pdBatch) {
      printdesk.store('dialog-pressed', { at: Date.now(), action: target.dataset.pdBatch, jobs: [...marked] });
    } else {
      if (target.dataset.pdMarkNone) marked.clear();
      else cards().forEach((card) => marked.add(idOf(card)));
      redraw();
    }
  });

  printdesk.onRedraw(function () {
    const present = cards();
    if (marked.size && present.length) {
      const there = new Set(present.map(idOf));
      for (const id of marked) if (!there.has(id)) marked.delete(id); // in another status, or on another page
    } else if (document.querySelector('#queue-list .pd-empty')) marked.clear();
    redraw();
  });
})();
