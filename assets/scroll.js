/* A refresh rebuilds the list, and jobs above may have come or gone: this keeps the visible card at its place
   on the screen. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  /**
   * The first fully visible card, in px from the window's top.
   * @type {{ job: string | undefined, top: number, view: string } | null}
   */
  let anchor = null;

  function note() {
    anchor = null;
    if (window.scrollY <= 0) return;
    for (const card of document.querySelectorAll('.pd-list > .pd-card')) {
      const top = card.getBoundingClientRect().top;
      if (top < 0) continue;
      anchor = { job: card.dataset.job, top, view: location.search };
      return;
    }
  }

  function hold() {
    if (!anchor || anchor.view !== location.search) return;
    const card = document.querySelector('.pd-list > .pd-card[data-job="' + anchor.job + '"]');
    const moved = card ? card.getBoundingClientRect().top - anchor.top : 0;
    if (Math.abs(moved) > 1) window.scrollBy({ top: moved, behavior: 'instant' });
  }

  window.addEventListener('scroll', note, { passive: true });
  printdesk.onRedraw(hold);
})();
