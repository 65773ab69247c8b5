"use strict";
// What the rating page is about: the items, their order and sides for a rater, and the file that is saved.

const SHEET = JSON.parse(document.getElementById("sheet").textContent);
const ITEMS = new Map(SHEET.items.map((item) => [item.id, item]));
const COMPARES = SHEET.kind === "compare";
const COLUMN = COMPARES ? "choice" : "rating";
const CHOICES = COMPARES ? ["left", "tie", "right"] : Array.from({ length: 19 }, (_, n) => String(1 + n / 2));

/** 32 bits that depend on every byte of the text: FNV-1a, mixed at the end as MurmurHash3 does. */
function hashOf(text) {
  let bits = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** The items' ids in an order that depends on the rater's name. */
function orderFor(rater, ids) {
  const places = new Map(ids.map((id) => [id, hashOf(`order\n${rater}\n${id}`)]));
  return [...ids].sort((one, two) => places.get(one) - places.get(two) || (one < two ? -1 : 1));
}

/** Whether a rater sees the item's right answer on the left. */
function isSwapped(rater, id) {
  return hashOf(`side\n${rater}\n${id}`) % 2 === 1;
}

function nameFrom(text) {
  return text.normalize("NFC").replace(/[\s\p{Cc}]+/gu, " ").trim();
}

function fileNameFor(rater) {
  const name = rater.replace(/[^\p{L}\p{M}\p{N}-]+/gu, "_").replace(/^_+|_+$/g, "") || "rater";
  const device = /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(name); // to Windows
  return `${device ? "_" : ""}${name}.csv`;
}

/** A spreadsheet must not take what a person typed for a formula. */
function guarded(text) {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}

function unguarded(text) {
  return /^'[=+\-@\t\r\n]/.test(text) ? text.slice(1) : text;
}

function csvOf(rows) {
  const cell = (text) => (/[",;\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** The rows of a CSV file; a spreadsheet may have saved it with semicolons or tabs. */
function rowsOf(text) {
  const separator = text.match(/[,;\t]/)?.[0] ?? ",";
  const token = new RegExp(`(?:"((?:[^"]|"")*)"|([^${separator}\r\n]*))(${separator}|\r?\n|$)`, "gy");
  const rows = [[]];
  for (const [, quoted, plain, ending] of text.matchAll(token)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (ending === "") break;
    if (ending !== separator) rows.push([]);
  }
  return rows;
}

/** The rows by the names of their columns. */
function recordsOf(text) {
  const [head, ...rows] = rowsOf(text);
  return rows.map((row) => Object.fromEntries(head.map((name, column) => [name, row[column] ?? ""])));
}
