/* Keeps the console up to date: polls /api/v1/news, which costs one cheap query and no body while nothing has
   changed; refreshes the page after a change; shows the number of new jobs, the time of the last poll, and a
   banner while the server does not answer. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const NEWS = '/api/v1/news';
  const PATIENCE_MS = 15_000;
  const FIRST_RETRY_MS = 2_000;

  const live = {
    state: 'starting', // then live, away, signed out
    tag: null,
    news: null,
    checkedAt: null,
    changedAt: null,
    failures: 0,
    nextAt: null,
  };
  printdesk.live = live;
  let timer = null;
  let asking = null;
  let next = null;

  const shell = () => document.querySelector('[data-pd-console]');
  const period = () => (live.news ? live.news.refresh_seconds : 45) * 1000;

  /* Resolves to whether anything has changed since the last poll. Calls during a poll share one further poll,
     because they need the state after the call. */
  function check() {
    if (!asking) return (asking = ask().finally(() => (asking = null)));
    next = next || asking.then(() => ((next = null), check()));
    return next;
  }

  async function ask() {
    clearTimeout(timer);
    let changed = false;
    try {
      const answer = await fetch(NEWS, {
        cache: 'no-cache',
        referrerPolicy: 'no-referrer', // saves bytes: the page's address may be longer than the rest of the request
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (answer.status === 401) live.state = 'signed out';
      else if (!answer.ok) throw new Error(answer.statusText);
      else changed = note(answer.headers.get('ETag'), await answer.json());
    } catch {
      live.failures += 1;
      live.state = 'away';
    }
    showBanner();
    if (live.state !== 'signed out') schedule();
    showAll();
    showFacts();
    return changed;
  }

  function note(tag, news) {
    const wasAway = live.failures > 0;
    const changed = wasAway || (live.tag !== null && tag !== live.tag);
    Object.assign(live, { state: 'live', failures: 0, tag, news, checkedAt: new Date() });
    if (changed) live.changedAt = live.checkedAt;
    if (wasAway) document.dispatchEvent(new Event('printdesk:back'));
    if (printdesk.sound) printdesk.sound.hear(news.latest_submission);
    return changed;
  }

  /* After a failure, retries soon, and then less and less often. */
  function schedule() {
    const retry = FIRST_RETRY_MS * 2 ** Math.min(live.failures - 1, 8) * (0.75 + Math.random() / 2);
    const wait = live.failures ? Math.min(period(), retry) : period();
    live.nextAt = new Date(Date.now() + wait);
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  }

  async function refresh() {
    if (shell() && (await check())) printdesk.store('shell-refresh', Date.now());
  }
  printdesk.refresh = refresh;

  /* Called by Dash after a change made on this page. It polls first: the page is refreshed after its state token
     was read, so that no change in between is missed. */
  printdesk.afterChange = async function () {
    await check();
    return Date.now();
  };

  /* ---- Display ---- */

  function showBanner() {
    const banner = document.getElementById('shell-banner');
    if (!banner) return;
    banner.hidden = live.state === 'live' || live.state === 'starting';
    if (banner.hidden || banner.dataset.state === live.state) return;
    banner.dataset.state = live.state;
    banner.replaceChildren(...(live.state === 'away' ? away() : signedOut()));
  }

  function away() {
    const again = document.createElement('button');
    again.type = 'button';
    again.className = 'btn btn-sm btn-outline-secondary';
    again.textContent = 'Try now';
    again.addEventListener('click', refresh);
    return ['Printdesk cannot be reached. What you see may be out of date. It reconnects automatically. ', again];
  }

  function signedOut() {
    const link = document.createElement('a');
    link.href = '/login?next=' + encodeURIComponent(location.pathname + location.search);
    link.textContent = 'Sign in again';
    return ['You have been signed out. ', link];
  }

  function showAll() {
    showNew();
    showClock();
  }

  function showNew() {
    const count = live.news ? live.news.unreviewed : 0;
    const badge = document.getElementById('shell-new');
    const words = count + ' new';
    if (badge) {
      badge.hidden = count === 0;
      if (badge.textContent !== words) badge.textContent = words;
    }
    const title = document.title.replace(/^\(\d+\) /, '');
    const wanted = count && shell() ? '(' + count + ') ' + title : title;
    if (document.title !== wanted) document.title = wanted;
  }

  function showClock() {
    const clock = document.getElementById('shell-updated');
    if (!clock || !live.checkedAt) return;
    const iso = live.checkedAt.toISOString();
    if (clock.getAttribute('datetime') !== iso) {
      clock.setAttribute('data-format', 'time');
      clock.setAttribute('datetime', iso);
    }
    clock.parentElement.hidden = false;
  }

  /* ---- The debug panel ---- */

  printdesk.toggleDebug = function () {
    const panel = document.getElementById('debug-panel');
    if (!panel) return;
    panel.hidden = !panel.hidden;
    printdesk.store('debug-open', !panel.hidden);
    showFacts();
  };

  document.addEventListener('click', function (event) {
    if (event.target.closest('[data-pd-debug]')) printdesk.toggleDebug();
  });

  function showFacts() {
    const panel = document.getElementById('debug-panel');
    if (!panel || panel.hidden) return;
    const time = (at) => (at ? at.toLocaleTimeString() : 'not yet');
    const facts = {
      Poll: live.state + (live.failures ? ', ' + live.failures + ' failed' : ''),
      'Last check': time(live.checkedAt),
      'Last change seen': time(live.changedAt),
      'Next check': time(live.nextAt),
      'State token': live.tag || 'none',
      Sound: printdesk.sound ? printdesk.sound.describe() : 'none',
      'Lock held here': document.querySelector('[data-pd-locked-job]')?.dataset.pdLockedJob || 'none',
      Theme: document.documentElement.dataset.bsTheme,
      Window: innerWidth + ' × ' + innerHeight,
    };
    const list = panel.querySelector('[data-pd-debug-facts]');
    list.replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [term('dt', name), term('dd', value)]));
  }

  function term(kind, text) {
    const element = document.createElement(kind);
    element.textContent = text;
    return element;
  }

  /* ---- When ---- */

  document.addEventListener('visibilitychange', function () {
    if (!document.hidden) refresh();
  });
  window.addEventListener('online', refresh);
  window.addEventListener('offline', refresh);
  window.addEventListener('pageshow', (event) => event.persisted && refresh());

  /* The time limit for reverting expires without any change on the server. */
  document.addEventListener('printdesk:time-over', function () {
    if (shell()) printdesk.store('shell-refresh', Date.now());
  });

  function start() {
    check();
    printdesk.onRedraw(showAll);
    const title = document.querySelector('title');
    if (title) new MutationObserver(showNew).observe(title, { childList: true });
    setInterval(showFacts, 1000);
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
