"use strict";
// What the page is about: a row for each turn, and their texts, which are unpacked when they are needed.

const PAGE = JSON.parse(document.getElementById("data").textContent);
const { suites: SUITES, flags: FLAGS, turns: ROWS } = PAGE;
const part = (id) => document.getElementById(id);

/** An element with these children; texts become text. */
function make(tag, name = "", ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const packs = new Map(); // by number: the texts of a part, or a promise of them
const unpacked = new Map();

/** The texts of a part of the turns. */
function pack(number) {
  if (!packs.has(number)) packs.set(number, unpack(number));
  return packs.get(number);
}

async function unpack(number) {
  const bytes = Uint8Array.from(atob(part(`part-${number}`).textContent), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const texts = JSON.parse(await new Response(stream).text());
  unpacked.set(number, texts);
  return texts;
}

async function textsOf(row) {
  return (await pack(row.part))[row.at];
}

/** The row of the turn before in the same conversation, where the page has it. */
function rowBefore(row) {
  const before = ROWS[row.place - 1];
  const same = before && before.suite === row.suite && before.label === row.label && before.models === row.models;
  return same && before.turn === row.turn - 1 ? before : null;
}

ROWS.forEach((row, place) => {
  row.place = place;
});
const BY_ID = new Map(ROWS.map((row) => [row.id, row]));

/** A score without digits that say nothing: 8, 7.5, 7.33. */
function figure(score) {
  return String(Math.round(score * 100) / 100);
}

function signed(change) {
  const text = figure(Math.abs(change));
  return text === "0" ? "±0" : `${change < 0 ? "-" : "+"}${text}`;
}
