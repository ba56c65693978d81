// The confirmation pages: a form marked data-pd-once is sent once, and a button with data-wait-s
// is disabled until that many seconds have passed, with a countdown. Both work without JavaScript too.
'use strict';

(() => {

  /**
   * @param {Element} form
   * @param {boolean} busy
   */
  function setBusy(form, busy) {
    const button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
    const spinner = /** @type {HTMLElement} */ (button.querySelector('.spinner-border'));
    button.disabled = busy;
    spinner.hidden = !busy;
  }

  /** @param {number} seconds */
  function left(seconds) {
    const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
    return minutes ? `${minutes} min ${String(rest).padStart(2, '0')} s` : `${rest} s`;
  }

  /** @param {HTMLButtonElement} button */
  function countDown(button) {
    const until = Date.now() + 1000 * Number(button.dataset.waitS);
    const note = document.getElementById(button.getAttribute('aria-describedby') ?? '');
    const shown = note?.querySelector('[data-countdown]');
    function tick() {
      // Uses the clock instead of counting ticks, because phones stop timers while the screen is off.
      const seconds = Math.ceil((until - Date.now()) / 1000);
      if (seconds > 0) {
        if (shown) shown.textContent = left(seconds);
        return;
      }
      clearInterval(timer);
      button.disabled = false;
      if (note) note.textContent = 'You can ask for a new e-mail now.';
    }
    const timer = setInterval(tick, 1000);
    tick();
  }

  for (const form of document.querySelectorAll('form[data-pd-once]')) {
    form.addEventListener('submit', () => setBusy(form, true));
  }
  // "Back" shows the page as it was left, with the button still busy.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) document.querySelectorAll('form[data-pd-once]').forEach((form) => setBusy(form, false));
  });
  for (const button of document.querySelectorAll('button[data-wait-s]')) {
    if (button instanceof HTMLButtonElement && Number(button.dataset.waitS) > 0) countDown(button);
  }
})();
