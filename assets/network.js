/* Handles lost answers, which Dash ignores: it shows no error, and buttons that it disabled for the request
   stay disabled. Requests are still sent only once. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const TWICE_MS = 2000; // from the key press to its request
  const CLOSING_MS = 1000; // from the answer until the dialog has closed, or shows why it stays open
  const LOST = 'Not sent: Printdesk cannot be reached. What you typed is still here; try again in a moment.';
  /** @type {Set<string>} */
  const locksToReturn = new Set();
  let submitting = 0;
  let deafUntil = 0;

  /**
   * An input or state of a callback.
   * @typedef {{ id: ComponentId, property: string, value?: any }} Part
   */
  /**
   * What a callback's request asks for.
   * @typedef {{ inputs: Part[], state: Part[], isPress: (input: Part) => boolean }} Asked
   */

  const send = window.fetch;
  window.fetch = function (resource, options) {
    const address = resource instanceof Request ? resource.url : String(resource);
    if (!address.includes('_dash-update-component')) return send.call(this, resource, options);
    const asked = readBody(options?.body);
    const isSubmit = asked.inputs.some((input) => input.id === 'dialog-submit') && asked.inputs.some(asked.isPress);
    if (isSubmit) submitting += 1;
    if (asked.inputs.some((input) => input.id === 'dialog-pressed')) deafUntil = 0; // another dialog
    return send
      .call(this, resource, options)
      .then(
        (answer) => {
          if (answer.status >= 500) onLost(asked, isSubmit);
          return answer;
        },
        (problem) => {
          if (problem.name !== 'AbortError') onLost(asked, isSubmit);
          throw problem;
        },
      )
      .finally(function () {
        if (!isSubmit) return;
        submitting -= 1;
        deafUntil = performance.now() + CLOSING_MS;
      });
  };

  /**
   * Dash also sends requests when buttons and fields merely appear: in a real click, a count has changed to a
   * number other than zero.
   * @param {unknown} body
   * @returns {Asked}
   */
  function readBody(body) {
    try {
      const { inputs = [], state = [], changedPropIds = [] } = JSON.parse(String(body));
      const isPress = (/** @type {Part} */ input) =>
        Boolean(input.value) && changedPropIds.includes(idOf(input) + '.' + input.property);
      return { inputs: inputs.flat(), state: state.flat(), isPress };
    } catch {
      return { inputs: [], state: [], isPress: () => false };
    }
  }

  /** @param {Part} part */
  const idOf = ({ id }) => (typeof id === 'string' ? id : JSON.stringify(Object.fromEntries(Object.entries(id).sort())));

  /**
   * @param {Asked} asked
   * @param {boolean} isSubmit
   */
  function onLost(asked, isSubmit) {
    printdesk.refresh(); // and so the banner
    if (isSubmit) {
      // After Dash has handled the error, which happens later than this.
      setTimeout(function () {
        printdesk.set('dialog-submit', { disabled: false });
        printdesk.set('dialog-error', { children: LOST });
      });
    } else if (asked.inputs.some((input) => input.id === 'dialog-pressed')) tell();
    const closed = asked.inputs.some((input) => input.id === 'dialog-modal' && input.value === false);
    const about = closed && asked.state.find((each) => each.id === 'dialog-about');
    if (about && about.value && about.value.locked) locksToReturn.add(about.value.job);
  }

  /* A toast as in components/toasts.py. */
  function tell() {
    const look = { is_open: true, dismissable: true, duration: 15_000, className: 'pd-toast pd-toast-bad' };
    const words = { header: 'Not done', children: 'Printdesk cannot be reached. Try again in a moment.' };
    const props = { ...look, ...words };
    printdesk.set('shell-toasts', { children: { namespace: 'dash_bootstrap_components', type: 'Toast', props } });
  }

  /* Sent by live.js when the server answers again. */
  document.addEventListener('printdesk:back', function () {
    for (const job of locksToReturn) fetch('/api/v1/jobs/' + job + '/unlock', { method: 'POST' });
    locksToReturn.clear();
    for (const image of document.images) if (image.complete && !image.naturalWidth) image.setAttribute('src', image.src); // asks for it again
  });

  /* Pressing Enter twice submits once: the button is disabled in the meantime, but the key is not. Dash submits
     on keyup; a key that was pressed elsewhere, on the button that opened the dialog, or in an input method, is
     ignored. */
  /** @type {EventTarget | null} */
  let downIn = null;
  document.addEventListener(
    'keydown',
    function (event) {
      if (event.key === 'Enter') downIn = event.isComposing ? null : event.target;
    },
    true,
  );
  document.addEventListener(
    'keyup',
    function (event) {
      const input = printdesk.nearest(event, '.modal input:not([type="checkbox"])');
      if (event.key !== 'Enter' || !input) return;
      const isMeant = downIn === input && !submitting && event.timeStamp >= deafUntil;
      downIn = null;
      if (isMeant) deafUntil = event.timeStamp + TWICE_MS;
      else event.stopImmediatePropagation();
    },
    true,
  );
  document.addEventListener('input', function (event) {
    if (!submitting && printdesk.nearest(event, '.modal')) deafUntil = 0; // the next Enter is a new submission
  });
})();
