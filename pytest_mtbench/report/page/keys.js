"use strict";
// What the reader does: addresses, filters, keys.

let state = { ...NONE };
let current = null; // the row where the reader is
let byKey = null; // the row that was opened by key or link, and closes when the reader goes on
let asked = 0; // the last list that was asked for

const LABELS = { status: "any", category: "all", turn: "both", flag: "any", people: "any", suite: "all" };

function choices(name, entries) {
  part(name).replaceChildren(...entries.map(([value, label]) => {
    const option = make("option", "", label);
    option.value = value;
    return option;
  }));
}

/** Fills the selects with what is there to choose from; one with nothing to choose is not shown. */
function offerFilters() {
  for (const [name, all] of Object.entries(LABELS)) {
    const counts = valuesOf(name);
    const entries = [...counts].map(([value, count]) => [value, `${labelOf(name, value)} (${count})`]);
    choices(name, [["", all], ...entries]);
    document.querySelector(`[data-filter=${name}]`).hidden = counts.size < (name === "flag" || name === "people" ? 1 : 2);
  }
  const points = Array.from({ length: 10 }, (_, number) => [String(number + 1), String(number + 1)]);
  choices("from", [["", "1"], ...points.slice(1)]);
  choices("to", [["", "10"], ...points.slice(0, -1).reverse()]);
  choices("change", Object.entries(CHANGES));
  document.querySelector("[data-filter=change]").hidden = !COMPARED;
  document.querySelector("[data-filter=score]").hidden = SUITES.every((suite) => suite.pairwise) || ROWS.every((row) => row.models);
  choices("sort", Object.entries(ORDERS).filter(([name]) => COMPARED || !["fell", "rose"].includes(name)));
  const beside = ROWS.some((row) => row.models) || SUITES.some((suite) => suite.pairwise || suite.other);
  part("marked").parentElement.hidden = !beside;
}

function labelOf(name, value) {
  return name === "suite" ? SUITES[Number(value) - 1].key : value;
}

/** Lists what the state asks for. */
async function update() {
  const number = ++asked;
  for (const name of FILTERS) part(name).value = state[name];
  if (state.search.trim()) {
    part("found").textContent = "Searching …";
    await withTexts();
    if (number !== asked) return;
  }
  const found = listed(state);
  showRows(found);
  const all = found.length === ROWS.length;
  part("found").textContent = all ? `${ROWS.length} turns` : `${found.length} of ${ROWS.length} turns`;
  part("open-all").hidden = found.length > MOST_OPENED || !found.length;
  part("open-all").textContent = allAreOpen() ? "Close all" : "Open all";
  part("clear").hidden = FILTERS.every((name) => !state[name]);
  highlight(state.search);
}

const MOST_OPENED = 200;

function keepAddress() {
  history.replaceState(null, "", toAddress(current && opened.has(current) ? current.id : "", state));
}

/** Goes to a row: it is opened, and the one that was opened so before is closed. */
async function goTo(row) {
  if (byKey && byKey !== row && opened.has(byKey) && rows[byKey.index] === byKey) closeRow(byKey);
  byKey = opened.has(row) ? null : row;
  current = row;
  if (!(await openRow(row))) return;
  const element = elementOf(row);
  element.querySelector(".row").focus({ preventScroll: true });
  element.scrollIntoView({ block: "start" });
  keepAddress();
  highlight(state.search);
}

async function toggle(row) {
  current = row;
  if (opened.has(row)) closeRow(row);
  else await openRow(row);
  if (byKey === row) byKey = null;
  keepAddress();
  highlight(state.search);
}

function step(by) {
  const at = current && rows[current.index] === current ? current.index + by : by > 0 ? 0 : rows.length - 1;
  if (rows[at]) goTo(rows[at]);
}

/** Follows the address: the filters that it asks for, and the turn that it names. */
async function followAddress(isFirst) {
  const asks = fromAddress(location.hash);
  const row = BY_ID.get(asks.id);
  state = asks.state;
  await update();
  if (row && rows[row.index] !== row) {
    state = { ...NONE };
    await update();
  }
  if (row) await goTo(row);
  else if (!isFirst) {
    part("conversations-title").focus({ preventScroll: true });
    part("conversations").scrollIntoView();
  }
}

/** The filters that are set, as their fields have them: `Category: math (20)`. */
function inWords() {
  return FILTERS.filter((name) => state[name]).map((name) => {
    const field = part(name);
    const said = field.selectedOptions?.[0]?.textContent ?? field.value;
    return `${field.labels[0].firstChild.textContent.trim() || name}: ${said}`;
  });
}

function change(name, value) {
  state = { ...state, [name]: value };
  update();
  keepAddress();
}

/** Shows where the words of a search stand, where the browser can do so without a change to the page. */
function highlight(search) {
  if (!globalThis.CSS?.highlights || !globalThis.Highlight) return;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const ranges = words.length ? [...opened.values()].flatMap((body) => rangesIn(body, words)) : [];
  CSS.highlights.set("search", new Highlight(...ranges.slice(0, 2000)));
}

function rangesIn(body, words) {
  const ranges = [];
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.toLowerCase();
    for (const word of words) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
        if (at + word.length > walker.currentNode.length) break; // small letters can be longer
        const range = document.createRange();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + word.length);
        ranges.push(range);
      }
    }
  }
  return ranges;
}

async function view(name, value) {
  part(name).checked = views[name] = value;
  await redraw();
  highlight(state.search);
}

function allAreOpen() {
  return rows.length > 0 && rows.every((row) => opened.has(row));
}

async function openAll() {
  const all = allAreOpen();
  for (const row of [...rows]) {
    if (all) closeRow(row);
    else await openRow(row);
  }
  part("open-all").textContent = all ? "Open all" : "Close all";
  highlight(state.search);
}

const ON_KEY = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => part("search").focus(),
  c: () => clear(),
  m: () => view("markdown", !views.markdown),
  d: () => view("marked", !views.marked),
  "?": () => part("help").showModal(),
};

function clear() {
  state = { ...NONE };
  update();
  keepAddress();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || part("help").open) return;
  if (event.key === "Escape" && event.target === part("search")) {
    event.preventDefault(); // or what is searched for would be gone
    part("search").blur();
    return;
  }
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const act = ON_KEY[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function start() {
  if (!ROWS.length) return;
  part("conversations").hidden = false;
  if (!("DecompressionStream" in globalThis)) {
    part("broken").hidden = false;
    return;
  }
  offerFilters();
  for (const name of FILTERS) {
    if (name !== "search") part(name).addEventListener("change", () => change(name, part(name).value));
  }
  let timer = 0;
  part("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => change("search", part("search").value), 120);
  });
  for (const name of ["markdown", "marked"]) part(name).addEventListener("change", () => view(name, part(name).checked));
  part("clear").addEventListener("click", clear);
  part("open-all").addEventListener("click", openAll);
  part("help-open").addEventListener("click", () => part("help").showModal());
  part("help-close").addEventListener("click", () => part("help").close());
  part("list").addEventListener("click", (event) => {
    const button = event.target.closest(".row");
    if (button) toggle(button.closest(".item").row);
  });
  part("list").addEventListener("focusin", (event) => {
    current = event.target.closest(".item")?.row ?? current;
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => followAddress(false));
  window.addEventListener("beforeprint", () => fillForPrint(inWords()));
  new ResizeObserver(leaveRoomForTools).observe(part("tools"));
  followAddress(true);
}

/** A row that is gone to must not stand behind the filters, which stay in sight. */
function leaveRoomForTools() {
  const stays = getComputedStyle(part("tools")).position === "sticky";
  const height = stays ? part("tools").offsetHeight : 0;
  document.documentElement.style.setProperty("--bar", `${height + 8}px`);
}

start();
