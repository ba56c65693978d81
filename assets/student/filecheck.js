// A quick check of a chosen model file in the browser, so that a hopeless upload is never started. It refuses only files that are certainly wrong; the server's check after the upload decides.

const STL_HEADER = 84; // 80 bytes of anything, then the number of triangles (uint32, little endian)
const STL_TRIANGLE = 50;
const HEAD = 64 * 1024;
const TAIL = 64 * 1024; // a ZIP's end record lies within the last 65,557 bytes

/**
 * What a look at a file has shown; `bad` means: do not send it.
 * @typedef {{ level: 'ok' | 'warn' | 'bad', text: string }} Verdict
 */
/** @typedef {{ extensions: string[], maxMb: number }} Limits */

/** @returns {Verdict} */
const bad = (/** @type {string} */ text) => ({ level: 'bad', text });
/** @returns {Verdict} */
const warn = (/** @type {string} */ text) => ({ level: 'warn', text });
/** @returns {Verdict} */
const ok = (/** @type {string} */ text) => ({ level: 'ok', text });

/** @param {number} bytes */
export function formatBytes(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const mb = bytes / (1024 * 1024);
  if (mb < 0.1) return `${Math.round(bytes / 1024)} KB`;
  return `${mb.toFixed(1)} MB`;
}

/** @param {string} name */
export function extensionOf(name) {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot).toLowerCase();
}

/**
 * @param {File} file
 * @param {number} start
 * @param {number} end
 */
async function read(file, start, end) {
  return new Uint8Array(await file.slice(Math.max(0, start), end).arrayBuffer());
}

/**
 * Latin-1 maps each byte to one character, so binary data cannot break it.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
const asText = (bytes) => new TextDecoder('latin1').decode(bytes);

/**
 * The type of a file that is not a model: common results of failed downloads or exports.
 * @param {string} text
 */
function foreignKind(text) {
  const start = text.replace(/^ï»¿/, '').trimStart().slice(0, 64).toLowerCase();
  if (/^(<!doctype html|<html|<head|<body)/.test(start)) return 'a web page (the download may have failed)';
  if (/^(<svg|<\?xml)/.test(start)) return 'an XML or SVG drawing';
  if (start.startsWith('%pdf')) return 'a PDF document';
  if (text.startsWith('\x89PNG') || text.startsWith('\xff\xd8\xff') || text.startsWith('GIF8')) return 'a picture';
  if (text.startsWith('PK\x03\x04')) return 'a ZIP archive';
  return '';
}

/**
 * @param {File} file
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} text
 */
function checkStl(file, bytes, text) {
  if (/^\s*solid/i.test(text) && /\bfacet\b/i.test(text)) return ok('Looks like an STL file (text).');
  if (file.size >= STL_HEADER) {
    const count = new DataView(bytes.buffer).getUint32(80, true);
    const needed = STL_HEADER + STL_TRIANGLE * count;
    if (count > 0 && needed <= file.size) return ok(`Looks like an STL file: ${count.toLocaleString()} triangles.`);
    if (/^\s*solid/i.test(text)) return warn('We found no triangles near its start. Check that the export is complete.');
    if (count === 0) return bad('This STL file contains no triangles. Export the model again.');
    const present = Math.floor((file.size - STL_HEADER) / STL_TRIANGLE);
    // A plausible count means that the end is missing; an implausible one that it is not an STL file.
    return bad(
      count < 50_000_000
        ? `This STL file is cut off: it should contain ${count.toLocaleString()} triangles, but contains only ${present.toLocaleString()}. Export or download it again.`
        : 'This is not an STL file, although its name ends in .stl. Export the model as STL.',
    );
  }
  return bad('This file is too short to be an STL model. Export the model again.');
}

/**
 * @param {File} file
 * @param {string} text
 */
function checkObj(file, text) {
  if (text.includes('\0')) return bad('This is not an OBJ file: OBJ is text, and this is not. Export the model as OBJ.');
  if (/^\s*v\s+[-+.\d]/m.test(text)) return ok('Looks like an OBJ file.');
  if (file.size <= HEAD) return bad('This OBJ file contains no points (lines that start with “v”). Export the model again.');
  return warn('We found no points near its start. Check that the export is complete.');
}

/**
 * @param {File} file
 * @param {string} text
 */
async function check3mf(file, text) {
  if (!text.startsWith('PK\x03\x04')) return bad('This is not a 3MF file, although its name ends in .3mf. Export the model as 3MF.');
  const tail = asText(await read(file, file.size - TAIL - 22, file.size));
  if (!tail.includes('PK\x05\x06')) return bad('This 3MF file is cut off: its end is missing. Export or download it again.');
  if (!/\.model/i.test(tail)) return warn('We could not find the model inside this 3MF file. Check that the export is complete.');
  return ok('Looks like a 3MF file.');
}

/**
 * @param {File} file
 * @param {Limits} limits
 * @returns {string} what is wrong, or nothing
 */
function checkNameAndSize(file, { extensions, maxMb }) {
  const extension = extensionOf(file.name);
  if (!extensions.includes(extension)) {
    const what = extension ? `a ${extension} file` : 'a file without an extension';
    return `“${file.name}” is ${what}. Choose a file that ends in ${extensions.join(', ').replace(/, ([^,]*)$/, ' or $1')}.`;
  }
  if (file.size === 0) return 'This file is empty. Export the model again.';
  if (file.size > maxMb * 1024 * 1024) {
    return `This file is ${formatBytes(file.size)}; the limit is ${maxMb} MB. Export it with fewer triangles.`;
  }
  return '';
}

/**
 * The result of a quick check of `file`; `bad` means that it cannot be submitted.
 * @param {File} file
 * @param {Limits} limits
 * @returns {Promise<Verdict>}
 */
export async function checkFile(file, limits) {
  const refused = checkNameAndSize(file, limits);
  if (refused) return bad(refused);
  const extension = extensionOf(file.name);
  let bytes;
  try {
    bytes = await read(file, 0, HEAD);
  } catch {
    return bad('The browser cannot read this file. Was it moved or changed? Choose it again.');
  }
  const text = asText(bytes);
  const foreign = foreignKind(text);
  if (foreign && !(extension === '.3mf' && text.startsWith('PK\x03\x04'))) {
    return bad(`This file is ${foreign}, not a ${extension} model. Export the model again.`);
  }
  if (extension === '.stl') return checkStl(file, bytes, text);
  if (extension === '.obj') return checkObj(file, text);
  if (extension === '.3mf') return check3mf(file, text);
  return ok('Will be checked after the upload.');
}
