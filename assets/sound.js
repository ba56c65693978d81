/* The sound when a job arrives: two generated notes. On/off and volume are stored per browser; only one of
   several tabs plays; a hint appears if the browser allows no sound before a click. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const WISH = 'printdesk-sound';
  const HEARD = 'printdesk-heard'; // storage key: the newest arrival that a tab has played
  const NOTES = [
    { hertz: 659.26, at: 0 },
    { hertz: 880, at: 0.16 },
  ];
  const NOTE_S = 0.5;

  const wish = { on: true, volume: 0.6, ...printdesk.kept(WISH, {}) };
  /** @type {AudioContext | null} */
  let context = null;
  /** @type {string | undefined} */
  let seen; // the newest arrival when this tab first polled
  let missed = ''; // the newest arrival that could not be played here
  let played = 0;

  /* Browsers allow sound once somebody has clicked or typed in the page. */
  const isAllowed = () => !navigator.userActivation || navigator.userActivation.hasBeenActive;

  async function play() {
    context = context || new AudioContext();
    if (context.state !== 'running') await context.resume();
    const start = context.currentTime + 0.02;
    for (const note of NOTES) sound(context, note.hertz, start + note.at);
    played += 1;
  }

  /**
   * @param {AudioContext} output
   * @param {number} hertz
   * @param {number} at in seconds of the context's clock
   */
  function sound(output, hertz, at) {
    const tone = output.createOscillator();
    const loudness = output.createGain();
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(wish.volume * 0.5, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + NOTE_S);
    tone.connect(loudness).connect(output.destination);
    tone.start(at);
    tone.stop(at + NOTE_S);
  }

  /**
   * Called after every poll with the time of the newest submission.
   * @param {string | null} latest
   */
  function hear(latest) {
    const isFirst = seen === undefined;
    if (!latest || (seen && latest <= seen) || isFirst) {
      if (isFirst) seen = latest || '';
      return;
    }
    seen = latest;
    if (!wish.on) return;
    if (isAllowed()) playOnce(latest);
    else {
      if (!isHeard(latest)) missed = latest;
      show();
    }
  }

  /** @param {string} latest */
  const isHeard = (latest) => printdesk.kept(HEARD, '') >= latest;

  /** @param {string} latest */
  function playOnce(latest) {
    alone(async function () {
      if (isHeard(latest)) return;
      printdesk.keep(HEARD, latest);
      await play();
    });
  }

  /**
   * One tab at a time. Without https there are no locks, and the stored time has to suffice.
   * @param {() => Promise<void>} action
   */
  function alone(action) {
    if (navigator.locks) navigator.locks.request('printdesk-sound', action);
    else action();
  }

  printdesk.sound = {
    hear,
    describe: () =>
      (wish.on ? 'on, volume ' + Math.round(wish.volume * 100) + ' %' : 'off') +
      (isAllowed() ? '' : ', waiting for a click') +
      ', played ' + played + ' times',
  };

  /* ---- The button in the header and its panel ---- */

  function show() {
    const button = document.getElementById('sound-button');
    if (!button) return;
    const waits = wish.on && !isAllowed();
    const [look, words] = state(waits);
    const icon = button.querySelector('.bi');
    const label = button.querySelector('.visually-hidden');
    if (icon) icon.className = 'bi ' + look;
    if (label && label.textContent !== words) label.textContent = words;
    button.classList.toggle('pd-sound-waits', waits);
    showHint(button, waits);
  }

  /** @param {boolean} waits for a click */
  function state(waits) {
    if (!wish.on) return ['bi-volume-off', 'Sound: off'];
    return waits ? ['bi-volume-mute', 'Sound: waiting for a click'] : ['bi-volume-up', 'Sound: on'];
  }

  /**
   * @param {HTMLElement} button
   * @param {boolean} waits
   */
  function showHint(button, waits) {
    const words = missed ? 'A new job has arrived. Click anywhere to hear it.' : 'Click anywhere to turn the sound on.';
    let hint = document.querySelector('.pd-sound-hint');
    if (!waits) {
      if (hint) hint.remove();
      return;
    }
    if (!hint) {
      hint = document.createElement('span');
      hint.className = 'pd-sound-hint';
      hint.setAttribute('role', 'status');
      button.parentElement?.prepend(hint);
    }
    if (hint.textContent !== words) hint.textContent = words;
  }

  /** @param {HTMLElement} panel */
  function build(panel) {
    const on = input('checkbox', 'sound-on');
    on.checked = wish.on;
    on.className = 'form-check-input';
    const volume = input('range', 'sound-volume');
    Object.assign(volume, { min: 0.05, max: 1, step: 0.05, value: wish.volume, className: 'form-range' });
    const test = document.createElement('button');
    Object.assign(test, { type: 'button', className: 'btn btn-outline-secondary', textContent: 'Test the sound' });
    on.addEventListener('change', () => change({ on: on.checked }));
    volume.addEventListener('input', () => change({ volume: Number(volume.value) }));
    test.addEventListener('click', play);
    panel.append(
      labelled('Play a sound when a job arrives', on, 'form-check'),
      labelled('Volume', volume, 'pd-sound-volume'),
      test,
    );
  }

  /**
   * @param {string} type
   * @param {string} id
   */
  function input(type, id) {
    return Object.assign(document.createElement('input'), { type, id });
  }

  /**
   * @param {string} words
   * @param {HTMLInputElement} control
   * @param {string} kind
   */
  function labelled(words, control, kind) {
    const label = Object.assign(document.createElement('label'), { htmlFor: control.id, textContent: words });
    const row = document.createElement('div');
    row.className = kind;
    row.append(...(control.type === 'checkbox' ? [control, label] : [label, control]));
    return row;
  }

  /** @param {Partial<typeof wish>} changes */
  function change(changes) {
    Object.assign(wish, changes);
    printdesk.keep(WISH, wish);
    show();
  }

  /** @param {boolean} open */
  function toggle(open) {
    const [button, panel] = [document.getElementById('sound-button'), document.getElementById('sound-panel')];
    if (!button || !panel || panel.hidden === !open) return;
    if (open && !panel.children.length) build(panel);
    panel.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (!open && panel.contains(document.activeElement)) button.focus();
  }

  document.addEventListener('click', function (event) {
    const panel = document.getElementById('sound-panel');
    if (!panel) return;
    if (printdesk.nearest(event, '#sound-button')) toggle(Boolean(panel.hidden));
    else if (!printdesk.nearest(event, '#sound-panel')) toggle(false);
  });
  document.addEventListener('keydown', (event) => event.key === 'Escape' && toggle(false));

  /* The first click or key allows sound: a missed sound is played then. */
  function unlock() {
    if (!isAllowed()) return;
    if (missed && wish.on) playOnce(missed);
    missed = '';
    show();
  }
  for (const kind of ['pointerup', 'keyup']) document.addEventListener(kind, () => setTimeout(unlock, 0));
  window.addEventListener('storage', function (event) {
    if (event.key === WISH) Object.assign(wish, printdesk.kept(WISH, {}));
    else if (event.key === HEARD && isHeard(missed)) missed = ''; // another tab has played it
    else return;
    show();
  });
  printdesk.onRedraw(show);
})();
