/* The reports page in the browser: the address contains its filters; a click in a chart filters the page or
   opens the queue; and the charts follow the theme. */
'use strict';

(function () {
  const namespaces = window.dash_clientside;
  const printdesk = namespaces.printdesk;
  const PATH = '/reports';
  /* As callbacks/reports.py; what is as usual is left out of the address. */
  /** @type {Record<string, string>} */
  const USUAL = { period: '30d', from: '', to: '', printer: 'all', material: 'all', discipline: 'all', confirmation: 'all' };
  const NAMES = Object.keys(USUAL);

  const isHere = () => location.pathname === PATH && document.querySelector('.pd-report');

  /* Called by Dash: a filter was changed. Two chosen days take the place of a named period. */
  printdesk.readReport = function (...values) {
    const before = values.pop();
    const now = Object.fromEntries(NAMES.map((name, place) => [name, values[place] || USUAL[name]]));
    if (now.period !== 'custom') now.from = now.to = '';
    const wanted = Object.fromEntries(NAMES.filter((name) => now[name] !== USUAL[name]).map((name) => [name, now[name]]));
    if (wanted.period === 'custom') delete wanted.period;
    showDays(now.period);
    if (JSON.stringify(wanted) === JSON.stringify(sorted(before || {}))) return namespaces.no_update;
    if (now.period === 'custom' && !now.from && !now.to) return namespaces.no_update; // the days come next
    const query = new URLSearchParams(wanted).toString();
    if (isHere()) history.pushState(history.state, '', PATH + (query ? '?' + query : ''));
    return wanted;
  };

  /** @param {Record<string, string>} view */
  const sorted = (view) => Object.fromEntries(NAMES.filter((name) => name in view).map((name) => [name, view[name]]));

  /** @param {string} period */
  function showDays(period) {
    for (const name of ['from', 'to']) {
      const field = document.querySelector('[data-pd-report-filter="' + name + '"]');
      if (field) field.hidden = period !== 'custom';
    }
  }

  /* Back and Forward: the address is the report. */
  window.addEventListener(
    'popstate',
    function (event) {
      if (!isHere()) return;
      event.stopImmediatePropagation();
      location.reload();
    },
    true,
  );

  /* Called by Dash with what was clicked in each chart; the newest is the one that has changed. */
  const followed = new Map();
  printdesk.followChart = function (clicks) {
    const inputs = namespaces.callback_context.inputs_list[0] || [];
    inputs.forEach(function (input, place) {
      const name = input.id.name;
      const click = clicks[place];
      const point = click && click.points && click.points[0];
      const mark = point ? JSON.stringify([point.x, point.y, point.customdata, point.curveNumber]) : '';
      if (followed.get(name) === mark) return;
      followed.set(name, mark);
      if (point && point.customdata) follow(JSON.parse(point.customdata));
    });
  };

  /**
   * Where a part of a chart leads: to an address, to the queue, or to other filters. See components/charts.py.
   * @typedef {{ go?: string, queue?: Record<string, string>, set?: Record<string, string>, in_period?: boolean }} Link
   */

  /** @param {Link} link */
  function follow(link) {
    followed.clear();
    if (link.go) window.location.assign(link.go);
    else if (link.queue) window.location.assign(addressOfQueue(link.queue, link.in_period));
    else for (const [name, value] of Object.entries(link.set ?? {})) printdesk.set('report-' + name, { value });
  }

  /**
   * The jobs behind a part of a chart, as far as the queue can tell them from the others.
   * @param {Record<string, string>} view
   * @param {boolean} [inPeriod] whether only those of the report's days
   */
  function addressOfQueue(view, inPeriod) {
    const page = new URLSearchParams(location.search);
    const narrowed = ['printer', 'discipline', 'material'].filter((name) => page.has(name));
    const query = new URLSearchParams(narrowed.map((name) => [name, page.get(name) ?? '']));
    if (page.get('confirmation') === 'expired') query.set('expired', '1');
    for (const [name, value] of Object.entries(view)) query.set(name, value);
    const days = inPeriod && document.querySelector('[data-pd-report-days]')?.dataset.pdReportDays;
    if (days) {
      const [from, to] = days.split(' ');
      query.set('from', from);
      query.set('to', to);
    }
    return '/dashboard?' + query;
  }

  /* The numbers of a chart, when they are opened. */
  document.addEventListener(
    'toggle',
    function (event) {
      const details = event.target;
      const place = details instanceof HTMLDetailsElement && details.open && details.querySelector('[data-pd-table]');
      if (place instanceof HTMLElement && !place.firstChild) place.append(table(JSON.parse(place.dataset.pdTable ?? '')));
    },
    true,
  );

  /** @param {{ title: string, head: string[], kinds: string[], rows: string[][] }} content */
  function table(content) {
    const made = document.createElement('table');
    made.className = 'pd-report-table';
    const caption = made.createCaption();
    caption.className = 'visually-hidden';
    caption.textContent = content.title;
    const head = made.createTHead().insertRow();
    for (const name of content.head) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = name;
      head.append(cell);
    }
    const body = made.createTBody();
    for (const values of content.rows) {
      const row = body.insertRow();
      values.forEach(function (value, place) {
        const cell = row.insertCell();
        cell.textContent = value;
        cell.className = 'pd-cell-' + content.kinds[place];
      });
    }
    return made;
  }

  function tellTheme() {
    if ('pdPrinting' in document.documentElement.dataset) return;
    if (isHere() && sentTheme !== document.documentElement.dataset.bsTheme) {
      sentTheme = document.documentElement.dataset.bsTheme;
      printdesk.store('report-theme', sentTheme);
    }
    if (!isHere()) sentTheme = null;
    const period = document.getElementById('report-period');
    if (period instanceof HTMLSelectElement) showDays(period.value);
  }
  /** @type {string | null | undefined} */
  let sentTheme = null;
  printdesk.onRedraw(tellTheme);
  new MutationObserver(tellTheme).observe(document.documentElement, { attributes: true, attributeFilter: ['data-bs-theme'] });

  /* Charts are drawn for the screen's width and theme; on paper they are drawn for the paper's. */
  const ON_PAPER = { width: 660, paper_bgcolor: '#fff', 'font.color': '#000', 'xaxis.gridcolor': '#ccc', 'yaxis.gridcolor': '#ccc' };
  const ON_SCREEN = { ...Object.fromEntries(Object.keys(ON_PAPER).map((name) => [name, null])), autosize: true };

  /** @param {object} layout */
  function redrawCharts(layout) {
    for (const chart of document.querySelectorAll('.pd-report .js-plotly-plot')) window.Plotly.relayout(chart, { ...layout });
  }

  window.addEventListener('beforeprint', () => redrawCharts(ON_PAPER));
  window.addEventListener('afterprint', () => redrawCharts(ON_SCREEN));
  document.addEventListener('click', function (event) {
    if (printdesk.nearest(event, '[data-pd-print]')) window.print();
  });
})();
