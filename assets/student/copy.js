// A button with data-pd-copy="text" copies that text and says so.
'use strict';

(() => {
  const SAID_MS = 2500;

  // Browsers offer the clipboard only on https and localhost; many labs run on plain http.
  /** @param {string} text */
  function copyBySelection(text) {
    const field = document.createElement('textarea');
    field.value = text;
    field.readOnly = true;
    field.className = 'visually-hidden';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }

  /** @param {string} text */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyBySelection(text);
    }
  }

  document.addEventListener('click', async (event) => {
    const button = event.target instanceof Element && event.target.closest('[data-pd-copy]');
    if (!button || button.dataset.busy) return;
    const label = /** @type {HTMLElement} */ (button.querySelector('[data-label]'));
    const before = label.textContent;
    button.dataset.busy = 'true';
    label.setAttribute('role', 'status');
    label.textContent = (await copy(button.dataset.pdCopy ?? '')) ? 'Copied' : 'Select the ID and copy it';
    button.focus();
    setTimeout(() => {
      label.textContent = before;
      label.removeAttribute('role');
      delete button.dataset.busy;
    }, SAID_MS);
  });
})();
