"use strict";
// Which rows are listed and in which order; it stands in the page's address, so that a list can be sent to somebody.

const NONE = { suite: "", category: "", turn: "", status: "", from: "", to: "", change: "", flag: "", people: "", sort: "", search: "" };
const FILTERS = Object.keys(NONE);
const ORDERS = { "": "of the set", low: "lowest first", high: "highest first", fell: "fell most first", rose: "rose most first" };
const CHANGES = { "": "any", fell: "fell", "fell-far": "fell by 2 or more", same: "the same", rose: "rose" };
const FAR = 2;

/** What an address asks for: the turn that is open, and the filters. */
function fromAddress(hash) {
  const [id, query = ""] = hash.slice(1).split("?", 2);
  const state = { ...NONE };
  for (const [name, value] of new URLSearchParams(query)) if (name in state) state[name] = value;
  return { id: decoded(id), state };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function toAddress(id, state) {
  const query = new URLSearchParams(FILTERS.filter((name) => state[name]).map((name) => [name, state[name]]));
  return `#${encodeURIComponent(id)}${query.size ? `?${query}` : ""}`;
}

/** The values that a filter can have on this page, with how many rows have each. */
function valuesOf(name) {
  const counts = new Map();
  for (const row of ROWS) for (const value of valuesIn(row, name)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function valuesIn(row, name) {
  if (name === "flag") return row.flags;
  if (name === "people") return row.differs ? ["differ"] : [];
  if (name === "suite") return [String(row.suite + 1)];
  return [String(row[name])];
}

const CHANGE_TESTS = {
  fell: (change) => change < 0,
  "fell-far": (change) => change <= -FAR,
  same: (change) => change === 0,
  rose: (change) => change > 0,
};

function passes(row, state) {
  for (const name of ["suite", "category", "turn", "status", "flag", "people"]) {
    if (state[name] && !valuesIn(row, name).includes(state[name])) return false;
  }
  if ((state.from || state.to) && row.score === null) return false;
  const whole = Math.min(10, Math.max(1, Math.floor(row.score + 0.5)));
  if (state.from && whole < Number(state.from)) return false;
  if (state.to && whole > Number(state.to)) return false;
  if (state.change) return row.change !== undefined && (CHANGE_TESTS[state.change] ?? (() => true))(row.change);
  return true;
}

const LAST = Number.POSITIVE_INFINITY;
const SORT_KEYS = {
  low: (row) => row.score ?? LAST,
  high: (row) => -(row.score ?? -LAST),
  fell: (row) => row.change ?? LAST,
  rose: (row) => -(row.change ?? -LAST),
};

/** The rows that are listed, in order.  A search needs the texts: see `withTexts`. */
function listed(state) {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = ROWS.filter((row) => passes(row, state) && words.every((word) => haystack(row).includes(word)));
  const key = SORT_KEYS[state.sort];
  return key ? rows.sort((one, two) => key(one) - key(two) || one.place - two.place) : rows;
}

const haystacks = new Map();

/** Everything that a search looks into, in small letters. */
function haystack(row) {
  if (!haystacks.has(row)) {
    const head = [row.id, row.category, row.status, row.models ?? "", ...row.flags];
    haystacks.set(row, [...head, ...stringsIn(unpacked.get(row.part)[row.at])].join("\n").toLowerCase());
  }
  return haystacks.get(row);
}

function* stringsIn(value) {
  if (typeof value === "string") yield value;
  else if (value && typeof value === "object") for (const inner of Object.values(value)) yield* stringsIn(inner);
}

/** Sees to it that the texts of all rows are there. */
async function withTexts() {
  const numbers = new Set(ROWS.map((row) => row.part));
  for (const number of numbers) await pack(number);
}
