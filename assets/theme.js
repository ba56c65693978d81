// The light or dark theme. Loaded in <head>, before anything is painted, so that no page flashes white.
// Any element with the attribute data-pd-theme-toggle switches it when pressed.
'use strict';

(() => {
  const KEY = 'printdesk-theme';
  const root = document.documentElement;
  const printdesk = (window.printdesk = window.printdesk || {});
  if (printdesk.toggleTheme) return; // already loaded

  const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

  // Storage may be refused (private windows, blocked cookies); then the choice lasts for this page only.
  function readChoice() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  /** @param {string} theme */
  function keepChoice(theme) {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // see readChoice
    }
  }

  function apply() {
    const choice = readChoice();
    const known = choice === 'light' || choice === 'dark';
    const preferred = prefersDark.matches ? 'dark' : 'light';
    root.dataset.bsTheme = known ? choice : preferred;
  }

  function toggleTheme() {
    const theme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark';
    root.dataset.bsTheme = theme;
    keepChoice(theme);
    return theme;
  }
  printdesk.toggleTheme = toggleTheme;

  apply();
  prefersDark.addEventListener('change', apply);
  window.addEventListener('storage', (event) => event.key === KEY && apply());
  // Printed pages always use the light theme; scripts that follow the theme ignore printing.
  window.addEventListener('beforeprint', () => {
    root.dataset.pdPrinting = root.dataset.bsTheme;
    root.dataset.bsTheme = 'light';
  });
  window.addEventListener('afterprint', () => {
    root.dataset.bsTheme = root.dataset.pdPrinting;
    delete root.dataset.pdPrinting;
  });
  document.addEventListener('click', (event) => {
    const target = event.target;
    if (target instanceof Element && target.closest('[data-pd-theme-toggle]')) toggleTheme();
  });
})();
