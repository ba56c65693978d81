/* The staff notes save automatically: a moment after the last key, on Ctrl+Enter, and when the field or the
   page is left. Text that somebody else has saved in the meantime is shown beside the typed text; neither is
   lost. A failed save is retried, and the text is kept in this browser until then. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const PAUSE_MS = 1200;
  const RETRY_MS = 5000;
  const DRAFT = 'printdesk-notes-';

  /**
   * The text that somebody else has saved in the meantime, from the API's answer to a conflict.
   * @typedef {{ notes: string, changed_by: string | null, changed_at: string | null }} Theirs
   */
  /**
   * The job whose notes are shown, and their field, which Dash recreates for each page. `base` is the last
   * known text on the server, and `undo` the text that Esc restores. `offer` is a newer text that a
   * refresh has brought while the field had the focus, and `conflict` one that prevented saving.
   * @typedef {object} Shown
   * @property {string} job
   * @property {HTMLTextAreaElement} area
   * @property {string} base
   * @property {string} undo
   * @property {string | null} by
   * @property {boolean} mine
   * @property {string | null} at
   * @property {Theirs | null} offer
   * @property {Theirs | null} conflict
   * @property {boolean} saving
   * @property {number | undefined} timer
   */
  /** @type {Shown | null} */
  let now = null;

  const field = () => /** @type {HTMLTextAreaElement} */ (document.getElementById('notes-text'));
  const isField = (/** @type {Event} */ event) => Boolean(now) && event.target === field();
  const isAboutToWrite = () => document.activeElement === field() && !field().readOnly;
  /** @param {Shown} shown */
  const isDirty = (shown) => shown.area.isConnected && shown.area.value !== shown.base;

  /* Called by Dash with the notes of the chosen job, or null, whenever the page is refreshed. */
  printdesk.showNotes = function (about) {
    const section = document.getElementById('notes-section');
    if (!section) return;
    if (now && (about?.job !== now.job || now.area !== field())) leave(now);
    section.hidden = !about;
    section.dataset.job = about ? about.job : '';
    if (!about) return;
    if (!now) begin(about);
    else if (!now.saving && !now.conflict) update(now, about);
  };

  /** @param {Notes} about */
  function begin(about) {
    const shown = {
      ...{ job: about.job, area: field(), base: '', undo: about.text, by: null, mine: false, at: null },
      ...{ offer: null, conflict: null, saving: false, timer: undefined },
    };
    now = shown;
    take(shown, about);
    showTheirs(shown);
    const draft = printdesk.kept(DRAFT + about.job, null);
    if (!draft || field().readOnly) return;
    if (draft.text === about.text) {
      forget(about.job);
      return;
    }
    field().value = draft.text; // from a page that was left before saving
    shown.base = draft.base;
    fit();
    save();
  }

  /**
   * Shows the server's text, unless the field has unsaved changes. A field with the focus is not changed
   * either: the newer text is offered beside it, until it is chosen or outdated.
   * @param {Shown} shown
   * @param {Notes} about
   */
  function update(shown, about) {
    const isNew = about.text !== field().value;
    if (isNew && isDirty(shown)) return; // saving tells of it
    if (isNew && (isAboutToWrite() || shown.offer)) {
      shown.offer = { notes: about.text, changed_by: about.by, changed_at: about.at };
      showTheirs(shown);
      return;
    }
    take(shown, about);
    if (!shown.offer) return;
    shown.offer = null;
    showTheirs(shown);
  }

  /**
   * @param {Shown} shown
   * @param {Notes} about
   */
  function take(shown, about) {
    Object.assign(shown, { base: about.text, by: about.by, mine: about.mine, at: about.at });
    if (field().value !== about.text) {
      field().value = about.text;
      shown.undo = about.text;
    }
    fit();
    showState(shown);
  }

  /**
   * Another job is chosen: unsaved text is saved in the background.
   * @param {Shown} shown
   */
  function leave(shown) {
    clearTimeout(shown.timer);
    if (isDirty(shown) && !shown.conflict) send(shown, field().value, false).then(() => forget(shown.job), keepDraft);
    now = null;
  }

  function keepDraft() {
    /* It is kept in this browser, and saved when the job is chosen again. */
  }

  /** @param {string} job */
  function forget(job) {
    try {
      localStorage.removeItem(DRAFT + job);
    } catch {
      /* storage is unavailable: there is nothing to forget */
    }
  }

  /* ---- Saving ---- */

  class NotSaved extends Error {
    /**
     * @param {number} status
     * @param {{ error?: string, message?: string, details?: any }} answer
     */
    constructor(status, answer) {
      super(answer.message);
      this.status = status;
      this.answer = answer;
    }
  }

  /**
   * @param {Shown} shown
   * @param {string} text
   * @param {boolean} keepalive
   */
  async function send(shown, text, keepalive) {
    const answer = await fetch('/api/v1/jobs/' + shown.job + '/notes', {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ notes: text, base: shown.base }),
      keepalive,
    });
    if (!answer.ok) throw new NotSaved(answer.status, await answer.json());
  }

  async function save() {
    if (!now || now.saving || now.conflict || !isDirty(now)) return;
    clearTimeout(now.timer);
    const mine = now;
    const text = field().value;
    mine.saving = true;
    showState(mine, 'Saving…');
    try {
      await send(mine, text, false);
      Object.assign(mine, { base: text, mine: true, at: new Date().toISOString(), by: '', offer: null });
      forget(mine.job);
      mine.saving = false;
      if (now !== mine) return;
      showState(mine);
      showTheirs(mine);
      if (isDirty(mine)) plan(mine, PAUSE_MS);
      printdesk.store('shell-changed', Date.now());
    } catch (problem) {
      mine.saving = false;
      if (now === mine) onProblem(mine, problem instanceof NotSaved ? problem : null);
    }
  }

  /**
   * @param {Shown} shown
   * @param {NotSaved | null} problem null when there was no answer
   */
  function onProblem(shown, problem) {
    const { error = '', message = '', details = {} } = problem?.answer ?? {};
    if (error === 'conflict' && 'notes' in details) {
      Object.assign(shown, { conflict: details, offer: null });
      showTheirs(shown);
    } else if (error === 'locked') {
      showState(shown, message + ' Your notes will be saved when they finish.');
      plan(shown, RETRY_MS);
    } else if (problem && problem.status < 500) {
      showState(shown, 'Not saved: ' + Object.values(details.fields || [message]).join(' '));
    } else {
      showState(shown, 'Not saved yet: Printdesk cannot be reached. Retrying automatically.');
      plan(shown, RETRY_MS);
    }
  }

  /**
   * @param {Shown} shown
   * @param {number} wait in ms
   */
  function plan(shown, wait) {
    clearTimeout(shown.timer);
    shown.timer = window.setTimeout(save, wait);
  }

  /* ---- The status line below the field ---- */

  /**
   * @param {Shown} shown
   * @param {string} [words] instead of who saved the notes and when
   */
  function showState(shown, words) {
    const line = document.getElementById('notes-state');
    if (line) line.textContent = words ?? (shown.at ? saved(shown, new Date(shown.at)) : '');
  }

  /**
   * @param {Shown} shown
   * @param {Date} at
   */
  function saved(shown, at) {
    const today = at.toDateString() === new Date().toDateString();
    const time = today
      ? at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
      : at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
    return 'Saved ' + time + ' by ' + (shown.mine ? 'you' : shown.by);
  }

  /* ---- Text that somebody else has saved, beside the field ---- */

  /** @param {Shown} shown */
  function showTheirs(shown) {
    const place = /** @type {HTMLElement} */ (document.getElementById('notes-conflict'));
    const theirs = shown.conflict || shown.offer;
    place.hidden = !theirs;
    place.replaceChildren();
    if (!theirs) return;
    const words = document.createElement('p');
    const who = theirs.changed_by || 'Somebody';
    words.textContent = who + ' changed these notes in the meantime. The saved text is now:';
    const text = document.createElement('pre');
    text.className = 'pd-notes-theirs';
    text.textContent = theirs.notes || '(nothing)';
    place.append(words, text, ...(shown.conflict ? afterConflict(shown, theirs) : afterOffer(shown, theirs)));
  }

  /**
   * @param {Shown} shown
   * @param {Theirs} theirs
   */
  function afterConflict(shown, theirs) {
    showState(shown, 'Not saved: there are two versions. Choose which to keep.');
    const both = () => [theirs.notes, field().value].filter(Boolean).join('\n\n');
    return [
      choice('Keep both', 'btn-primary', () => choose(shown, theirs, both())),
      choice('Keep mine', 'btn-outline-secondary', () => choose(shown, theirs, field().value)),
      choice('Keep theirs', 'btn-outline-secondary', () => choose(shown, theirs, theirs.notes)),
    ];
  }

  /**
   * @param {Shown} shown
   * @param {Theirs} theirs
   */
  function afterOffer(shown, theirs) {
    return [
      choice('Use theirs', 'btn-primary', () => choose(shown, theirs, theirs.notes)),
      choice('Keep mine', 'btn-outline-secondary', () => choose(shown, theirs, field().value)),
    ];
  }

  /**
   * @param {string} label
   * @param {string} look
   * @param {() => void} onClick
   */
  function choice(label, look, onClick) {
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', className: 'btn ' + look, textContent: label });
    button.addEventListener('click', onClick);
    return button;
  }

  /**
   * @param {Shown} shown
   * @param {Theirs} theirs
   * @param {string} text the new content of the field
   */
  function choose(shown, theirs, text) {
    Object.assign(shown, { conflict: null, offer: null, base: theirs.notes });
    field().value = text;
    fit();
    showTheirs(shown);
    field().focus();
    if (isDirty(shown)) {
      save();
      return;
    }
    forget(shown.job);
    Object.assign(shown, { at: theirs.changed_at, by: theirs.changed_by, mine: false });
    showState(shown);
  }

  /* ---- Keys ---- */

  function fit() {
    const area = field();
    area.style.height = 'auto';
    area.style.height = Math.min(area.scrollHeight + 2, innerHeight * 0.5) + 'px';
  }

  document.addEventListener('input', function (event) {
    if (!now || !isField(event)) return;
    fit();
    printdesk.keep(DRAFT + now.job, { base: now.base, text: field().value });
    if (now.conflict) return;
    showState(now, 'Ctrl+Enter saves, Esc undoes');
    plan(now, PAUSE_MS);
  });
  document.addEventListener('focusin', function (event) {
    if (now && isField(event)) now.undo = field().value;
  });
  document.addEventListener('focusout', function (event) {
    if (isField(event)) save();
  });
  document.addEventListener('keydown', function (event) {
    if (!now || !isField(event)) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      now.undo = field().value;
      save();
    } else if (event.key === 'Escape' && !event.isComposing) {
      event.stopPropagation();
      undo(now);
    }
  });

  /** @param {Shown} shown */
  function undo(shown) {
    if (field().value === shown.undo) {
      field().blur();
      return;
    }
    field().value = shown.undo;
    fit();
    if (isDirty(shown)) {
      save();
      return;
    }
    forget(shown.job);
    clearTimeout(shown.timer);
    showState(shown);
  }

  window.addEventListener('pagehide', function () {
    const left = now;
    if (left && isDirty(left) && !left.conflict) send(left, field().value, true).then(() => forget(left.job), keepDraft);
  });
  window.addEventListener('online', save);
})();
