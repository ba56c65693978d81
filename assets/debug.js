/* The debug panel: how this browser sees the moment. Its dcc.Interval beats while it is open. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;

  printdesk.toggleDebug = function () {
    const panel = document.getElementById('debug-panel');
    if (!panel) return;
    panel.hidden = !panel.hidden;
    printdesk.store('debug-open', !panel.hidden);
    window.dash_clientside.set_props('debug-clock', { disabled: panel.hidden });
    printdesk.showFacts();
  };

  document.addEventListener('click', function (event) {
    if (printdesk.nearest(event, '[data-pd-debug]')) printdesk.toggleDebug();
  });

  /* Called by Dash at each beat, and whenever the server was asked. */
  printdesk.showFacts = function () {
    const list = document.querySelector('#debug-panel:not([hidden]) [data-pd-debug-facts]');
    if (!list) return;
    const live = printdesk.live;
    const facts = {
      Poll: live.state + (live.failures ? ', ' + live.failures + ' failed' : ''),
      'Last check': timeOf(live.checkedAt),
      'Last change seen': timeOf(live.changedAt),
      'Next check': timeOf(live.nextAt),
      'State token': live.tag || 'none',
      'Token of what is shown': live.drawn?.tag || 'none',
      Sound: printdesk.sound ? printdesk.sound.describe() : 'none',
      'Lock held here': document.querySelector('[data-pd-locked-job]')?.dataset.pdLockedJob || 'none',
      Theme: document.documentElement.dataset.bsTheme ?? '',
      Window: innerWidth + ' × ' + innerHeight,
    };
    list.replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [element('dt', name), element('dd', value)]));
  };

  /** @param {Date | null} at */
  const timeOf = (at) => (at ? at.toLocaleTimeString() : 'not yet');

  /**
   * @param {string} kind
   * @param {string} text
   */
  function element(kind, text) {
    const made = document.createElement(kind);
    made.textContent = text;
    return made;
  }
})();
