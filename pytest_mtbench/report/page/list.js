"use strict";
// The list: rows of one height in blocks, which are filled when they come near the screen, so that ten thousand open.

const BLOCK = 50; // rows
const MOST_PRINTED = 1000;
const COMPARED = ROWS.some((row) => row.change !== undefined);
let rows = ROWS; // those that are listed
let blocksOf = [];
const opened = new Map(); // by row: its conversation

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) fill(target);
      else if (mayBeEmpty(target)) empty(target);
    }
  },
  { rootMargin: "1200px 0px" },
);

/** Not what is open or in use, and not the beginning: a screen reader's cursor must find rows in the list. */
function mayBeEmpty(block) {
  return block.first > 0 && !block.querySelector("[aria-expanded=true]") && !block.contains(document.activeElement);
}

/** Lists these rows and no others. */
function showRows(found) {
  rows = found;
  rows.forEach((row, index) => {
    row.index = index;
  });
  near.disconnect();
  blocksOf = Array.from({ length: Math.ceil(rows.length / BLOCK) }, (_, number) => {
    const block = make("div", "block");
    block.setAttribute("role", "presentation");
    block.first = number * BLOCK;
    empty(block);
    return block;
  });
  const listed = new Set(rows);
  for (const row of opened.keys()) if (!listed.has(row)) opened.delete(row);
  part("list").replaceChildren(...blocksOf);
  // What is open stays open.
  for (const row of opened.keys()) fill(blockOf(row));
  if (blocksOf.length) fill(blocksOf[0]);
  for (const block of blocksOf) near.observe(block);
}

function blockOf(row) {
  return blocksOf[Math.floor(row.index / BLOCK)];
}

function inBlock(block) {
  return rows.slice(block.first, block.first + BLOCK);
}

function empty(block) {
  block.style.setProperty("--rows", inBlock(block).length);
  block.classList.add("empty");
  block.replaceChildren();
}

function fill(block) {
  if (!block.classList.contains("empty")) return;
  block.classList.remove("empty");
  block.replaceChildren(...inBlock(block).map(item));
}

/** A row of the list, with its conversation where it is open. */
function item(row) {
  const button = make("button", "row", ...cells(row));
  button.type = "button";
  button.setAttribute("aria-expanded", String(opened.has(row)));
  const made = make("article", "item", make("h3", "", button), opened.get(row));
  made.setAttribute("role", "listitem");
  made.setAttribute("aria-posinset", row.index + 1);
  made.setAttribute("aria-setsize", rows.length);
  made.row = row;
  return made;
}

function cells(row) {
  const pairwise = SUITES[row.suite].pairwise || row.models;
  const score = pairwise
    ? make("span", `outcome ${row.status.split(",")[0]}`, OUTCOMES[row.status.split(",")[0]] ?? row.status)
    : scoreBadge(row.score);
  const signs = [
    row.status === "below the floor" ? make("span", "chip bad", "below the floor") : null,
    row.differs ? make("span", "chip", "people differ") : null,
    row.flags.length ? make("span", "chip", row.flags.length > 1 ? `${row.flags.length} flags` : row.flags[0]) : null,
  ].filter(Boolean);
  return [
    score,
    COMPARED ? changeBadge(row.change) : null,
    make("span", "where", `${row.label}`, make("span", "soft", ` turn ${row.turn}`)),
    make("span", "category", row.category),
    make("span", "preview", row.models ? `${row.models}: ${row.text}` : row.text),
    signs.length ? make("span", "chips", ...signs) : null,
  ];
}

function changeBadge(change) {
  if (change === undefined) return make("span", "change");
  const kind = change < 0 ? "fell" : change > 0 ? "rose" : "";
  return make("span", `change ${kind}`, make("span", "sr", "change "), signed(change));
}

function elementOf(row) {
  const block = blockOf(row);
  fill(block);
  return block.children[row.index - block.first];
}

async function openRow(row) {
  if (!opened.has(row)) opened.set(row, await conversation(row));
  if (rows[row.index] !== row) {
    opened.delete(row); // it left the list meanwhile
    return false;
  }
  const element = elementOf(row);
  element.querySelector(".row").setAttribute("aria-expanded", "true");
  if (!element.querySelector(".conversation")) element.append(opened.get(row));
  return true;
}

function closeRow(row) {
  opened.delete(row);
  const element = elementOf(row);
  element.querySelector(".row").setAttribute("aria-expanded", "false");
  element.querySelector(".conversation")?.remove();
}

/** Draws what is open again, as the reader now wants it. */
async function redraw() {
  for (const body of opened.values()) await body.redraw();
}

/** Paper has no screen that rows could come near, and no fields that say what was asked for. */
function fillForPrint(words) {
  const few = rows.length > MOST_PRINTED ? [`the first ${MOST_PRINTED} of ${rows.length}`] : [];
  part("printed").textContent = [...words, ...few].join("; ");
  for (const block of blocksOf.slice(0, MOST_PRINTED / BLOCK)) fill(block);
}
