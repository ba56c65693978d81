// The submission form: shows errors at once and how to fix them, uploads the file with a real progress bar, and keeps everything that was typed. Without this script, the form is an ordinary multipart POST. The server checks everything again.
import { checkFile, formatBytes } from './filecheck.js';

const DRAFT_KEY = 'printdesk-draft';
const KEPT = 'Everything you entered is still here.';
const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const form = /** @type {HTMLFormElement} */ (byId('submit-form'));
const fileInput = /** @type {HTMLInputElement} */ (byId('file'));
const button = /** @type {HTMLButtonElement} */ (byId('send'));
const bar = /** @type {HTMLProgressElement} */ (byId('upload-bar'));
const drop = byId('drop');
const limits = { extensions: (form.dataset.extensions ?? '').split(' '), maxMb: Number(form.dataset.maxMb) };
/** @type {Record<string, string>} */
const swatches = JSON.parse(byId('swatches').textContent ?? '');
const contact = document.querySelector('.pd-footer a')?.textContent;

const scrolling = window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';

// In the order of the page, so that the first error is the topmost.
const FIELDS = [
  'file', 'print_method', 'color', 'printer', 'student_name', 'student_email',
  'discipline', 'class_number', 'acknowledged_minimum_charge',
];
const DRAFTED = FIELDS.slice(1);

// The result of the last check of the chosen file; `pending` while the check is running.
/** @typedef {import('./filecheck.js').Verdict} Verdict */
/** @type {Verdict | null} */
let verdict = null;
/** @type {Promise<Verdict | null> | null} */
let pending = null;
/** @type {XMLHttpRequest | null} */
let request = null;

// ---- Validation ----

/**
 * @param {string} name
 * @returns {HTMLInputElement | HTMLSelectElement | RadioNodeList}
 */
const fieldOf = (name) => /** @type {any} */ (form.elements.namedItem(name));
const valueOf = (/** @type {string} */ name) => (fieldOf(name).value ?? '').trim();
const chosenFile = () => fileInput.files?.[0];

/**
 * Colours and printers wait for the print method.
 * @param {string} choose what to say once it is chosen
 * @param {string} wait
 */
const afterMethod = (choose, wait) => (valueOf('print_method') ? choose : wait);

/** @type {Record<string, (value: string) => string>} */
const messages = {
  file() {
    if (!chosenFile()) return `Choose your model file: ${limits.extensions.join(', ')}.`;
    return verdict?.level === 'bad' ? verdict.text : '';
  },
  print_method: (value) => (value ? '' : 'Choose Filament or Resin.'),
  color: (value) => value ? '' : afterMethod('Choose a colour.', 'Choose a print method first, then a colour.'),
  printer: (value) =>
    value ? '' : afterMethod('Choose a printer that your model fits on.', 'Choose a print method first, then a printer.'),
  student_name: (value) => value.length >= 2 && value.length <= 100 ? '' : 'Enter your name, 2 to 100 characters.',
  student_email(value) {
    if (value.length > 100) return 'Enter an e-mail address of at most 100 characters.';
    return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(value) ? '' : 'Enter a full e-mail address, such as jsmith@uni.edu.';
  },
  discipline: (value) => (value ? '' : 'Choose your discipline, or “Other”.'),
  class_number: (value) => value && value.length <= 50 ? '' : 'Enter your class number, such as ARCH 4000, or N/A if it is not for a class.',
  acknowledged_minimum_charge(value) {
    if (value === 'No') return 'We cannot print below the minimum charge. To submit this model, choose Yes.';
    return value ? '' : 'Choose Yes if you accept the minimum charge.';
  },
};

const messageFor = (/** @type {string} */ name) => messages[name](valueOf(name));

// ---- Marking fields ----

/** @param {string} name */
function controlsOf(name) {
  const control = fieldOf(name);
  if (!(control instanceof RadioNodeList)) return [control];
  // The fieldset around the radio buttons has their name as its id, so the list contains it too.
  return [...control].filter((one) => one instanceof HTMLInputElement);
}

/**
 * @param {string} name
 * @param {string} message
 */
function mark(name, message) {
  const error = byId(`${name}-error`);
  error.textContent = message;
  error.hidden = !message;
  for (const control of controlsOf(name)) {
    const box = control.closest('.pd-choice') ?? (name === 'file' ? drop : control);
    box.classList.toggle('is-invalid', Boolean(message));
    if (message) control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
  }
}

/** @param {string} name */
function validate(name) {
  const message = messageFor(name);
  mark(name, message);
  return message;
}

const isMarked = (/** @type {string} */ name) => !byId(`${name}-error`).hidden;

function goToFirstError() {
  const name = FIELDS.find(isMarked);
  if (!name) return;
  const control = controlsOf(name).find((one) => !one.disabled) ?? controlsOf('print_method')[0];
  const box = name === 'file' ? drop : control.closest('div');
  box?.scrollIntoView({ block: 'center', behavior: scrolling });
  control.focus({ preventScroll: true });
}

/**
 * @param {string} message
 * @param {{ href: string, text: string }} [link]
 */
function say(message, link) {
  const box = byId('form-message');
  box.replaceChildren(message);
  if (link) {
    const anchor = Object.assign(document.createElement('a'), { href: link.href, textContent: link.text });
    box.append(' ', anchor);
  }
  box.hidden = !message;
  if (message) {
    box.scrollIntoView({ block: 'center', behavior: scrolling });
    box.focus({ preventScroll: true });
  }
}

// ---- Colour and printer follow the print method ----

const selects = ['color', 'printer'].map((name) => {
  const select = /** @type {HTMLSelectElement} */ (fieldOf(name));
  const groups = new Map([...select.querySelectorAll('optgroup')].map((group) => [group.label, [...group.querySelectorAll('option')]]));
  const help = byId(`${name}-help`);
  return { name, select, groups, help, placeholder: select.options[0], chosenText: help.textContent };
});

function followMethod() {
  const method = valueOf('print_method');
  for (const { select, groups, help, placeholder, chosenText } of selects) {
    const before = select.value;
    const options = groups.get(method) ?? [];
    select.replaceChildren(placeholder, ...options);
    select.disabled = !method;
    const same = options.find((option) => option.value === before);
    // Only one printer takes resin: selecting it automatically saves a step.
    select.value = (same ?? (options.length === 1 ? options[0] : placeholder)).value;
    help.textContent = method ? chosenText : (help.dataset.unchosen ?? '');
  }
}

// ---- The summary beside the form ----

/** @param {string} name */
function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'pd-icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#pd-icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {(Node | string)[]} children
 */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** @param {string} color */
function colourDot(color) {
  const dot = element('span', 'pd-dot');
  dot.style.setProperty('--pd-dot', swatches[color]);
  return dot;
}

function showSummary() {
  const file = chosenFile();
  const method = valueOf('print_method');
  const color = valueOf('color');
  /** @type {[string, ...(Node | string)[]][]} */
  const rows = [];
  if (file) rows.push(['File', file.name], ['Size', formatBytes(file.size)]);
  const dot = swatches[color] ? [colourDot(color), ' '] : [];
  if (method) rows.push(['Material', ...dot, color ? `${method} · ${color}` : method]);
  const list = byId('summary');
  list.replaceChildren(...rows.flatMap(([term, ...parts]) => [element('dt', '', term), element('dd', '', ...parts)]));
  list.hidden = !rows.length;

  const printer = valueOf('printer');
  for (const cell of document.querySelectorAll('#volumes > *')) cell.classList.toggle('pd-chosen', cell.dataset.printer === printer);
}

function showVerdict() {
  const box = byId('verdict');
  if (!chosenFile()) {
    box.replaceChildren(element('p', 'pd-muted', 'No file chosen yet. Once you choose one, it is checked here before it is sent.'));
    return;
  }
  if (!verdict) return;
  const titles = { ok: 'File looks right', warn: 'Please check this file', bad: 'This file cannot be submitted' };
  box.replaceChildren(
    element('p', `pd-verdict-title pd-${verdict.level}`, icon(verdict.level), ` ${titles[verdict.level]}`),
    element('p', 'pd-muted', verdict.text),
  );
}

// ---- The file ----

async function onFile() {
  const file = chosenFile();
  const name = byId('file-name');
  name.hidden = !file;
  name.textContent = file ? `${file.name} · ${formatBytes(file.size)}` : '';
  const look = file ? checkFile(file, limits) : Promise.resolve(null);
  pending = look;
  const result = await look;
  if (pending !== look) return; // another file has been chosen
  verdict = result;
  if (file || isMarked('file')) validate('file');
  showVerdict();
  showSummary();
}

/** @param {DragEvent} event */
function onDrop(event) {
  event.preventDefault();
  drop.classList.remove('pd-drop-over');
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  const one = new DataTransfer(); // only the first of several dropped files
  one.items.add(file);
  fileInput.files = one.files;
  onFile();
}

function setUpDrop() {
  drop.classList.add('pd-drop-js');
  drop.querySelectorAll('[data-js-only]').forEach((node) => (node.hidden = false));
  for (const name of ['dragenter', 'dragover']) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add('pd-drop-over');
    });
  }
  drop.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && drop.contains(relatedTarget))) drop.classList.remove('pd-drop-over');
  });
  drop.addEventListener('drop', onDrop);
  // Otherwise a file dropped beside the zone would replace the page and everything that was typed.
  for (const name of ['dragover', 'drop']) document.addEventListener(name, (event) => event.preventDefault());
}

// ---- The draft: what was typed survives a reload ----

/**
 * @template Found
 * @param {(store: Storage) => Found} action
 */
function storage(action) {
  try {
    return action(sessionStorage);
  } catch {
    return null; // storage may be refused; then there is no draft
  }
}

function saveDraft() {
  const draft = Object.fromEntries(DRAFTED.map((name) => [name, fieldOf(name).value]));
  storage((store) => store.setItem(DRAFT_KEY, JSON.stringify(draft)));
}

const dropDraft = () => storage((store) => store.removeItem(DRAFT_KEY));

function restoreDraft() {
  const draft = storage((store) => JSON.parse(store.getItem(DRAFT_KEY) ?? '{}')) ?? {};
  const restore = (/** @type {string} */ name) => {
    if (draft[name] && !fieldOf(name).value) fieldOf(name).value = draft[name];
  };
  restore('print_method'); // first: the options of colour and printer depend on it
  followMethod();
  DRAFTED.forEach(restore);
}

// ---- Sending ----

const warnBeforeLeaving = (/** @type {Event} */ event) => event.preventDefault();

/** @param {boolean} sending */
function setSending(sending) {
  const spinner = /** @type {HTMLElement} */ (button.querySelector('.spinner-border'));
  const label = /** @type {HTMLElement} */ (button.querySelector('[data-label]'));
  button.disabled = sending;
  spinner.hidden = !sending;
  label.textContent = sending ? 'Sending…' : 'Submit';
  byId('cancel').hidden = !sending;
  byId('upload').hidden = !sending;
  form.setAttribute('aria-busy', String(sending));
  if (sending) window.addEventListener('beforeunload', warnBeforeLeaving);
  else window.removeEventListener('beforeunload', warnBeforeLeaving);
}

/** @param {ProgressEvent} event */
function showProgress({ loaded, total }) {
  bar.value = (100 * loaded) / total;
  byId('upload-amount').textContent = `${Math.floor((100 * loaded) / total)} % of ${formatBytes(total)}`;
}

function showChecking() {
  byId('upload-text').textContent = 'Checking the file…';
  byId('upload-amount').textContent = '';
  bar.removeAttribute('value'); // the remaining time is unknown: an indeterminate bar
  byId('cancel').hidden = true; // the file has arrived; cancelling would no longer undo the submission
}

/**
 * What the server answers, whatever it is.
 * @typedef {{ id?: string, message?: string, details?: Record<string, any> }} Answer
 */

/**
 * @param {string} text
 * @returns {Answer}
 */
function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/**
 * @param {Record<string, string | string[]>} fields
 * @param {string} [message]
 */
function showRefusedFields(fields, message) {
  const known = Object.entries(fields).filter(([name]) => FIELDS.includes(name));
  for (const [name, text] of known) mark(name, [text].flat().join(' '));
  if (known.length) {
    say('');
    goToFirstError();
  } else say(message || 'Something in the form was not accepted. Check it and submit again.');
}

/** @param {Answer} answer */
function onDuplicate({ message, details = {} }) {
  const id = String(details.existing_job_id ?? '');
  const text = message || 'You have already submitted this file, and it has not been printed yet.';
  say(text, { href: id ? `/track/${encodeURIComponent(id)}` : '/track', text: 'Track this job' });
}

function minutesToWait() {
  const seconds = Number(request?.getResponseHeader('Retry-After'));
  if (!seconds) return 'a while';
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}

/** @param {Answer} answer */
function onAccepted({ id }) {
  dropDraft();
  window.location.assign(`/submit/success?job=${encodeURIComponent(id ?? '')}`);
  button.disabled = true; // no second click while the next page loads
}

/** @param {Answer} answer */
function onRefused({ details, message }) {
  showRefusedFields(details?.fields ?? {}, message);
}

function onTooLarge() {
  mark('file', `The file is too large: the limit is ${limits.maxMb} MB. Export it with fewer triangles.`);
  goToFirstError();
}

function onTooMany() {
  say(`You have submitted several models in a short time. Please try again in ${minutesToWait()}. ${KEPT}`);
}

function onUnavailable() {
  say(`The lab cannot accept files at the moment. Please try again in a few minutes. ${KEPT}`);
}

/** @param {Answer} answer */
function onError({ details }) {
  const reference = details?.reference;
  const ask = reference ? ` If it happens again, write to ${contact} and give the reference ${reference}.` : '';
  say(`Something went wrong on our side, and the model was not submitted. Please try again. ${KEPT}${ask}`);
}

// The handler for each status of the answer; onError for any other.
/** @type {Record<number, (answer: Answer) => void>} */
const answers = {
  201: onAccepted,
  400: onRefused,
  409: onDuplicate,
  413: onTooLarge,
  422: onRefused,
  429: onTooMany,
  503: onUnavailable,
};

function onAnswer() {
  setSending(false);
  const { status = 0, responseText = '' } = request ?? {};
  const act = answers[status] ?? onError;
  act(parse(responseText));
}

function onLost() {
  setSending(false);
  say('The connection was lost before the upload finished. Check your network, then press Submit again. ' + KEPT);
}

function send() {
  say('');
  setSending(true);
  byId('upload-text').textContent = `Uploading ${chosenFile()?.name}…`;
  bar.value = 0;
  request = new XMLHttpRequest();
  request.open('POST', form.dataset.action ?? '');
  request.setRequestHeader('Accept', 'application/json');
  request.upload.addEventListener('progress', showProgress);
  request.upload.addEventListener('load', showChecking);
  request.addEventListener('load', onAnswer);
  request.addEventListener('error', onLost);
  request.addEventListener('abort', () => {
    setSending(false);
    say('Cancelled: nothing was submitted.');
  });
  request.send(new FormData(form));
}

/** @param {Event} event */
async function onSubmit(event) {
  event.preventDefault();
  if (button.disabled) return;
  await pending;
  const wrong = FIELDS.filter((name) => validate(name));
  if (wrong.length) goToFirstError();
  else send();
}

// ---- Start ----

/**
 * The drafted field that an event is about.
 * @param {Event} event
 */
function nameOf({ target }) {
  const name = target instanceof Element ? target.getAttribute('name') : null;
  return DRAFTED.find((one) => one === name);
}

/** @param {Event} event */
function onEdited(event) {
  const name = nameOf(event);
  if (!name) return;
  if (name === 'print_method') {
    followMethod();
    for (const { name: follower } of selects) if (isMarked(follower)) validate(follower);
  }
  saveDraft();
  showSummary();
  if (isMarked(name) || event.type === 'change') validate(name);
}

/** @param {Event} event */
function onLeft(event) {
  const name = nameOf(event);
  if (name && valueOf(name)) validate(name);
}

form.noValidate = true; // our messages say how to fix an error; the browser's do not
setUpDrop();
restoreDraft();
onFile(); // after "back", browsers may have kept the chosen file
fileInput.addEventListener('change', onFile);
form.addEventListener('input', onEdited);
form.addEventListener('change', onEdited);
form.addEventListener('focusout', onLeft);
form.addEventListener('submit', onSubmit);
byId('cancel').addEventListener('click', () => request?.abort());
