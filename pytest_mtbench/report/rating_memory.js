"use strict";
// What is kept while the page is closed: by sheet and rater, so that nothing mixes.

const KEY = `mtbench-sheet-${SHEET.name}`;
const memory = new Map(); // in the place of localStorage where that is refused or full

function recall(key) {
  try {
    return memory.get(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Whether the browser keeps nothing, so that all is lost when the page is closed. */
function forgets() {
  return memory.size > 0;
}

function keep(key, text) {
  try {
    localStorage.setItem(key, text);
    memory.delete(key);
  } catch {
    memory.set(key, text);
  }
}

/** What is kept of a rater, without whatever in it is none of ours. */
function keptOf(name) {
  let kept = null;
  try {
    kept = JSON.parse(recall(`${KEY}-${name}`));
  } catch {
    // Every page on this disk may write here.
  }
  const own = {};
  for (const id of ITEMS.keys()) {
    const { choice, note } = kept?.marks?.[id] ?? {};
    own[id] = { choice: CHOICES.includes(choice) ? choice : "", note: typeof note === "string" ? note : "" };
  }
  return { at: Number.isInteger(kept?.at) ? Math.min(Math.max(kept.at, 0), ITEMS.size) : 0, marks: own };
}

function ratedIn(some) {
  return Object.values(some).filter((mark) => mark.choice).length;
}
