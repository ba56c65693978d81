/* The staff notes save themselves: a moment after the last key, on Ctrl+Enter, and when the field or the page
   is left. What somebody else has written meanwhile is shown beside one's own; neither is lost. What could
   not be saved is tried again, and kept in this browser until it is. */
'use strict';

(function () {
  const printdesk = window.dash_clientside.printdesk;
  const PAUSE_MS = 1200;
  const RETRY_MS = 5000;
  const DRAFT = 'printdesk-notes-';

  /* The job whose notes are shown: { job, base, by, mine, at, undo, saving, timer }. `base` is the text that
     the server is known to have, `undo` the one that Esc goes back to. */
  let now = null;

  const field = () => document.getElementById('notes-text');
  const isDirty = () => Boolean(now && field() && field().value !== now.base);

  /* Called by Dash with the notes of the chosen job, or null. */
  printdesk.showNotes = function (about) {
    const section = document.getElementById('notes-section');
    if (!section) return;
    if (now && (!about || about.job !== now.job)) leave();
    section.hidden = !about;
    section.dataset.job = about ? about.job : '';
    if (!about) return;
    if (!now || now.job !== about.job) begin(about);
    else if (!isDirty() && !now.saving && !now.conflict) take(about);
  };

  function begin(about) {
    now = { job: about.job, undo: about.text };
    take(about);
    showConflict(null);
    const draft = printdesk.kept(DRAFT + about.job, null);
    if (!draft || field().readOnly) return;
    if (draft.text === about.text) return forget();
    field().value = draft.text; // from a page that was left before it was saved
    now.base = draft.base;
    fit();
    save();
  }

  function take(about) {
    Object.assign(now, { base: about.text, by: about.by, mine: about.mine, at: about.at });
    if (field().value !== about.text) {
      field().value = about.text;
      now.undo = about.text;
    }
    fit();
    showState();
  }

  /* Another job is chosen: what is not saved yet is saved behind the scenes. */
  function leave() {
    clearTimeout(now.timer);
    if (isDirty() && !now.conflict) send(now, field().value, false).then((kept) => kept && forget(kept.id));
    now = null;
  }

  function forget(job) {
    try {
      localStorage.removeItem(DRAFT + (job || now.job));
    } catch {
      /* storage is refused: there is nothing to forget */
    }
  }

  /* ---- Saving ---- */

  function send(about, text, keepalive) {
    return fetch('/api/v1/jobs/' + about.job + '/notes', {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ notes: text, base: about.base }),
      keepalive: keepalive,
    }).then(async (answer) => {
      const said = await answer.json();
      if (answer.ok) return said;
      throw Object.assign(new Error(said.message), { answer: said, status: answer.status });
    });
  }

  async function save() {
    if (!now || now.saving || now.conflict || !isDirty()) return;
    clearTimeout(now.timer);
    const mine = now;
    const text = field().value;
    mine.saving = true;
    showState('Saving…');
    try {
      await send(mine, text, false);
      Object.assign(mine, { base: text, mine: true, at: new Date().toISOString(), by: '' });
      forget(mine.job);
      mine.saving = false;
      if (now !== mine) return;
      showState();
      if (isDirty()) plan(PAUSE_MS);
      printdesk.store('shell-changed', Date.now());
    } catch (problem) {
      mine.saving = false;
      if (now === mine) onProblem(problem);
    }
  }

  function onProblem(problem) {
    const said = problem.answer;
    if (said && said.error === 'conflict' && 'notes' in (said.details || {})) {
      now.conflict = said.details;
      showConflict(said.details);
    } else if (said && said.error === 'locked') {
      showState(said.message + ' Your notes are saved when they are done.');
      plan(RETRY_MS);
    } else if (problem.status >= 400 && problem.status < 500) {
      showState('Not saved: ' + Object.values(said?.details?.fields || [said?.message]).join(' '));
    } else {
      showState('Not saved yet: Printdesk cannot be reached. It is tried again.');
      plan(RETRY_MS);
    }
  }

  function plan(wait) {
    clearTimeout(now.timer);
    now.timer = setTimeout(save, wait);
  }

  /* ---- What the line below the field says ---- */

  function showState(words) {
    const line = document.getElementById('notes-state');
    if (words) line.textContent = words;
    else if (now.at) {
      const at = new Date(now.at);
      const today = at.toDateString() === new Date().toDateString();
      const shown = today
        ? at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
        : at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
      line.textContent = 'Saved ' + shown + ' by ' + (now.mine ? 'you' : now.by);
    } else line.textContent = '';
  }

  function showConflict(theirs) {
    const place = document.getElementById('notes-conflict');
    place.hidden = !theirs;
    place.replaceChildren();
    if (!theirs) return;
    const who = theirs.changed_by || 'Somebody';
    const words = document.createElement('p');
    words.textContent = who + ' has changed these notes meanwhile. This is what stands there now:';
    const text = document.createElement('pre');
    text.className = 'pd-notes-theirs';
    text.textContent = theirs.notes || '(nothing)';
    const mine = field().value;
    place.append(
      words,
      text,
      choice('Keep both', 'btn-primary', () => [theirs.notes, mine].filter(Boolean).join('\n\n')),
      choice('Keep mine', 'btn-outline-secondary', () => field().value),
      choice('Keep theirs', 'btn-outline-secondary', () => theirs.notes),
    );
    showState('Not saved: two texts. Choose what stays.');
  }

  function choice(label, look, text) {
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', className: 'btn ' + look, textContent: label });
    button.addEventListener('click', function () {
      const theirs = now.conflict;
      Object.assign(now, { conflict: null, base: theirs.notes });
      field().value = text();
      fit();
      showConflict(null);
      field().focus();
      if (isDirty()) save();
      else {
        forget();
        Object.assign(now, { at: theirs.changed_at, by: theirs.changed_by, mine: false });
        showState();
      }
    });
    return button;
  }

  /* ---- Keys ---- */

  function fit() {
    const area = field();
    area.style.height = 'auto';
    area.style.height = Math.min(area.scrollHeight + 2, innerHeight * 0.5) + 'px';
  }

  document.addEventListener('input', function (event) {
    if (event.target !== field() || !now) return;
    fit();
    printdesk.keep(DRAFT + now.job, { base: now.base, text: field().value });
    if (now.conflict) return;
    showState('Ctrl+Enter saves, Esc takes back');
    plan(PAUSE_MS);
  });
  document.addEventListener('focusin', (event) => event.target === field() && now && (now.undo = field().value));
  document.addEventListener('focusout', (event) => event.target === field() && save());
  document.addEventListener('keydown', function (event) {
    if (event.target !== field() || !now) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      now.undo = field().value;
      save();
    } else if (event.key === 'Escape' && !event.isComposing) {
      event.stopPropagation();
      if (field().value === now.undo) return field().blur();
      field().value = now.undo;
      fit();
      if (isDirty()) save();
      else {
        forget();
        clearTimeout(now.timer);
        showState();
      }
    }
  });
  window.addEventListener('pagehide', function () {
    if (isDirty() && !now.conflict) send(now, field().value, true).then(() => forget(), () => {});
  });
  window.addEventListener('online', save);
})();
