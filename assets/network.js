/* Handles lost answers, which Dash ignores: it shows no error, and buttons that it disabled for the request
   stay disabled. Requests are still sent only once. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const TWICE_MS = 2000; // from the key press to its request
  const CLOSING_MS = 1000; // from the answer until the dialog has closed, or shows why it stays open
  const LOST = 'Not sent: Printdesk cannot be reached. What you typed is still here; try again in a moment.';
  const locksToReturn = new Set();
  let submitting = 0;
  let deafUntil = 0;

  const send = window.fetch;
  window.fetch = function (resource, options) {
    if (!String(resource.url || resource).includes('_dash-update-component')) return send.apply(this, arguments);
    const asked = readBody(options);
    const isSubmit = asked.inputs.some((input) => input.id === 'dialog-submit') && asked.inputs.some(asked.isPress);
    submitting += isSubmit;
    if (asked.inputs.some((input) => input.id === 'dialog-pressed')) deafUntil = 0; // another dialog
    return send
      .apply(this, arguments)
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
        submitting -= isSubmit;
        if (isSubmit) deafUntil = performance.now() + CLOSING_MS;
      });
  };

  /* { output, inputs, state, isPress }: each input { id, property, value }. Dash also sends requests when buttons
     and fields merely appear: in a real click, a count has changed to a number other than zero. */
  function readBody(options) {
    try {
      const { output = '', inputs = [], state = [], changedPropIds = [] } = JSON.parse(options.body);
      const isPress = (input) => Boolean(input.value) && changedPropIds.includes(idOf(input) + '.' + input.property);
      return { output, inputs: inputs.flat(), state: state.flat(), isPress };
    } catch {
      return { output: '', inputs: [], state: [], isPress: () => false };
    }
  }

  const idOf = ({ id }) => (typeof id === 'string' ? id : JSON.stringify(Object.fromEntries(Object.entries(id).sort())));

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
    const props = { header: 'Not done', is_open: true, dismissable: true, duration: 15_000, className: 'pd-toast pd-toast-bad' };
    props.children = 'Printdesk cannot be reached. Try again in a moment.';
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
      if (event.key !== 'Enter' || !event.target.matches('.modal input:not([type="checkbox"])')) return;
      const isMeant = downIn === event.target && !submitting && event.timeStamp >= deafUntil;
      downIn = null;
      if (isMeant) deafUntil = event.timeStamp + TWICE_MS;
      else event.stopImmediatePropagation();
    },
    true,
  );
  document.addEventListener('input', function (event) {
    if (!submitting && event.target.closest('.modal')) deafUntil = 0; // the next Enter is a new submission
  });
})();
