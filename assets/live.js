/* Keeps the console up to date. Its clock is two dcc.Intervals of components/shell.py. Each tick of the news
   clock polls /api/v1/news, which costs one cheap query and no body while nothing has changed: it shows the
   number of new jobs, plays the sound for a new one, and has it drawn at once. Each tick of the refresh clock
   redraws the page if anything else has changed. A banner shows while the server does not answer. */
'use strict';

(function () {
  const namespaces = window.dash_clientside;
  const printdesk = namespaces.printdesk;
  const NEWS = '/api/v1/news';
  const NEWS_CLOCK = 'shell-news-clock';
  const REFRESH_CLOCK = 'shell-refresh-clock';
  const PATIENCE_MS = 15_000;
  const FIRST_RETRY_MS = 2_000;

  /** @type {Live} */
  const live = {
    state: 'starting',
    tag: null,
    drawn: null,
    news: null,
    checkedAt: null,
    changedAt: null,
    nextAt: null,
    failures: 0,
  };
  printdesk.live = live;
  /** @type {Promise<void> | null} */
  let asking = null;
  /** @type {Promise<void> | null} */
  let next = null;

  const shell = () => document.querySelector('[data-pd-console]');
  const newsPeriod = () => Number(shell()?.dataset.pdNewsMs);

  /**
   * Polls. Calls during a poll share one further poll, because they need the state after the call.
   * @returns {Promise<void>}
   */
  function check() {
    if (!asking) {
      asking = ask().finally(() => (asking = null));
      return asking;
    }
    next = next || asking.then(() => ((next = null), check()));
    return next;
  }

  async function ask() {
    try {
      const answer = await fetch(NEWS, {
        cache: 'no-cache',
        referrerPolicy: 'no-referrer', // saves bytes: the page's address may be longer than the rest of the request
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (answer.status === 401) live.state = 'signed out';
      else if (!answer.ok) throw new Error(answer.statusText);
      else note(answer.headers.get('ETag'), await answer.json());
    } catch {
      live.failures += 1;
      live.state = 'away';
    }
    setClock();
    showBanner();
    showAll();
    printdesk.showFacts();
  }

  /**
   * @param {string | null} tag
   * @param {News} news
   */
  function note(tag, news) {
    const isBack = live.failures > 0;
    const isFirst = live.drawn === null;
    const hasChanged = !isFirst && tag !== live.tag;
    Object.assign(live, { state: 'live', failures: 0, tag, news, checkedAt: new Date() });
    if (isFirst) live.drawn = { tag, news };
    if (hasChanged || isBack) live.changedAt = live.checkedAt;
    if (isBack) {
      live.drawn = { tag: null, news }; // an earlier redraw may have failed
      document.dispatchEvent(new Event('printdesk:back'));
    }
    printdesk.sound?.hear(news.latest_submission);
  }

  /* ---- The clock ---- */

  let clock = { interval: 0, disabled: false };

  /* After a failure, retries soon, and then less and less often. A clock restarts when its interval
     changes. */
  function setClock() {
    if (!shell()) return;
    const retry = FIRST_RETRY_MS * 2 ** Math.min(live.failures - 1, 8) * (0.75 + Math.random() / 2);
    const longest = (live.news?.refresh_seconds ?? 45) * 1000;
    const interval = live.failures ? Math.min(longest, retry) : newsPeriod();
    const disabled = live.state === 'signed out';
    if (clock.interval === interval && clock.disabled === disabled) return;
    clock = { interval, disabled };
    live.nextAt = new Date(Date.now() + interval);
    namespaces.set_props(NEWS_CLOCK, clock);
  }

  /* Called by Dash at each beat. Beats of both clocks that fall together ask once. */
  printdesk.onNewsClock = function () {
    live.nextAt = new Date(Date.now() + (clock.interval || newsPeriod()));
    (asking ?? check()).then(() => hasNews() && !document.hidden && redraw());
  };
  printdesk.onRefreshClock = function () {
    if (live.state === 'live') (asking ?? check()).then(() => hasChanged() && redraw());
  };

  const hasChanged = () => live.state === 'live' && live.drawn?.tag !== live.tag;

  /* Changes that are shown at once: a new job, a reviewed one, and a server that is back. */
  function hasNews() {
    const before = live.drawn?.news;
    const now = live.news;
    const isSame = before?.unreviewed === now?.unreviewed && before?.latest_submission === now?.latest_submission;
    return hasChanged() && (!isSame || live.drawn?.tag === null);
  }

  /* Components that show the lab's data listen to this store. */
  function redraw() {
    if (!shell()) return;
    noteDrawn();
    printdesk.store('shell-refresh', Date.now());
  }

  function noteDrawn() {
    if (live.news) live.drawn = { tag: live.tag, news: live.news };
  }

  /* Asks at once, and shows whatever has changed. */
  printdesk.refresh = async function () {
    if (!shell()) return;
    await check();
    if (hasChanged()) redraw();
  };

  /* Called by Dash after a change made on this page. It polls first: the page is refreshed after its state token
     was read, so that no change in between is missed. */
  printdesk.afterChange = async function () {
    await check();
    noteDrawn();
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
    again.addEventListener('click', printdesk.refresh);
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
    showUpdated();
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

  function showUpdated() {
    const shown = document.getElementById('shell-updated');
    if (!shown?.parentElement || !live.checkedAt) return;
    const iso = live.checkedAt.toISOString();
    if (shown.getAttribute('datetime') !== iso) {
      shown.setAttribute('data-format', 'time');
      shown.setAttribute('datetime', iso);
    }
    shown.parentElement.hidden = false;
  }

  /* ---- Events that do not wait for the clock ---- */

  /* Nobody looks at a hidden page: it is drawn when it comes to the front. News goes on, for its sound. */
  document.addEventListener('visibilitychange', function () {
    if (shell()) namespaces.set_props(REFRESH_CLOCK, { disabled: document.hidden });
    if (!document.hidden) printdesk.refresh();
  });
  window.addEventListener('online', printdesk.refresh);
  window.addEventListener('offline', printdesk.refresh);
  window.addEventListener('pageshow', (event) => event.persisted && printdesk.refresh());

  /* The time limit for reverting expires without any change on the server. */
  document.addEventListener('printdesk:time-over', redraw);

  function start() {
    check();
    printdesk.onRedraw(showAll);
    const title = document.querySelector('title');
    if (title) new MutationObserver(showNew).observe(title, { childList: true });
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
