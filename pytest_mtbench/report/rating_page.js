"use strict";
// The rating page's state and screen.  Texts come in as text alone: `append`, `textContent` and `value`.

const part = (id) => document.getElementById(id);
const KEYS = COMPARES
  ? { 1: "left", 2: "right", 0: "tie" }
  : Object.fromEntries(Array.from({ length: 10 }, (_, key) => [key, String(key || 10)]));
const OTHER_SIDE = { left: "right", right: "left" };
const START = -1;
const END = ITEMS.size;

let rater = "";
let order = []; // ids, as this rater sees them
let at = START; // a place in the order, START or END
let lastItem = 0; // the place to go back to from the end
let marks = {}; // by id: {choice, note}; a choice speaks of the item's own sides
let unsaved = false;

function keepMarks() {
  keep(`${KEY}-${rater}`, JSON.stringify({ at, marks }));
  showKept();
}

/** From the item's own sides to those on the screen, or back. */
function turned(id, choice) {
  return isSwapped(rater, id) ? OTHER_SIDE[choice] ?? choice : choice;
}

// --- What is on the screen.

function element(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...children);
  return made;
}

/** Text as it is, with fenced code in letters of one width. */
function textBlock(text) {
  const block = element("div", "text");
  block.dir = "auto";
  let code = false;
  for (const piece of text.split(/^(?=[ \t]*```)/m)) {
    if (/^[ \t]*```/.test(piece)) code = !code;
    block.append(code ? element("code", "", piece) : piece);
  }
  return block;
}

function answerCards(item, turn) {
  if (!COMPARES) return [element("article", "answer", element("h3", "", "Answer"), textBlock(item.sides[0][turn]))];
  const [left, right] = isSwapped(rater, item.id) ? [...item.sides].reverse() : item.sides;
  return [["Left", " (upper)", left], ["Right", " (lower)", right]].map(([name, place, texts]) => {
    const heading = element("h3", "", name, element("span", "narrow", place));
    return element("article", "answer", heading, textBlock(texts[turn]));
  });
}

function turnSection(item, turn) {
  const count = item.questions.length;
  const last = turn === count - 1;
  const name = count === 1 ? "Question" : `Question ${turn + 1} of ${count}`;
  const task = COMPARES ? ": compare the answers to this one" : ": rate the answer to this one";
  const hint = count === 1 ? "" : last ? task : ": what came before";
  return element(
    "section",
    last ? "turn last" : "turn",
    element("h2", "", name, element("span", "hint", hint)),
    element("div", "question", textBlock(item.questions[turn])),
    element("div", COMPARES ? "answers pair" : "answers", ...answerCards(item, turn)),
  );
}

function showItem() {
  const item = ITEMS.get(order[at]);
  lastItem = at;
  part("heading").textContent = `Item ${at + 1}`;
  part("conversation").replaceChildren(...item.questions.map((_, turn) => turnSection(item, turn)));
  part("note").value = marks[item.id].note;
  part("back").disabled = at === 0;
}

function showEnd() {
  const left = END - ratedIn(marks);
  const rest = left ? `${left} ${left === 1 ? "is" : "are"} left` : "none is left";
  part("summary").textContent = `You rated ${END - left} of ${END}; ${rest}.`;
  part("save").textContent = `Save ${fileNameFor(rater)}`;
  part("to-left").hidden = !left;
  part("saved").textContent = "";
}

function showKept() {
  part("refused").hidden = !forgets();
  part("kept").hidden = forgets();
}

/** What changes with every choice. */
function showChoice() {
  const rated = ratedIn(marks);
  const place = at === END ? `${rated} of ${END} rated` : `${at + 1} of ${END}, ${rated} rated`;
  part("status").textContent = at === START ? "" : place;
  part("progress").value = rated;
  if (at === START || at === END) return;
  const choice = turned(order[at], marks[order[at]].choice);
  for (const button of document.querySelectorAll("[data-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.choice === choice));
  }
  if (COMPARES) return;
  part("half").value = choice.endsWith(".5") ? choice : "";
  part("half").classList.toggle("main", choice.endsWith(".5"));
}

/** Says before the start what is known of the name that stands in the field. */
function showKnown() {
  const rated = ratedIn(keptOf(nameFrom(part("rater").value)).marks);
  part("go").textContent = rated ? "Go on" : "Start";
  part("known").textContent = rated
    ? `${rated} of ${END} rated under this name.`
    : "It decides the order of your items, and is saved with your choices.";
}

function go(place) {
  at = place;
  const view = at === START ? "start" : at === END ? "end" : "item";
  for (const name of ["start", "item", "end"]) part(name).hidden = name !== view;
  part("bar").hidden = view !== "item";
  part("tools").hidden = part("progress").hidden = view === "start";
  part("to-end").hidden = view === "end";
  ({ start: showKnown, item: showItem, end: showEnd })[view]();
  showChoice();
  if (view !== "start") keepMarks();
  window.scrollTo(0, 0);
  part(view).querySelector("h1").focus();
}

// --- What the rater does.

function begin(event) {
  event.preventDefault();
  rater = nameFrom(part("rater").value);
  order = orderFor(rater, [...ITEMS.keys()]);
  const kept = keptOf(rater);
  marks = kept.marks;
  keep(KEY, rater);
  go(kept.at);
}

function choose(choice, goOn = true) {
  marks[order[at]].choice = turned(order[at], choice);
  unsaved = true;
  keepMarks();
  if (goOn) go(at + 1);
  else showChoice();
}

function writeNote() {
  marks[order[at]].note = part("note").value;
  unsaved = true;
  keepMarks();
}

function save() {
  const rows = [...ITEMS.keys()].map((id) => [id, guarded(rater), marks[id].choice, guarded(marks[id].note)]);
  const file = new Blob([csvOf([["id", "rater", COLUMN, "note"], ...rows])], { type: "text/csv;charset=utf-8" });
  const link = element("a", "");
  link.href = URL.createObjectURL(file);
  link.download = fileNameFor(rater);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  unsaved = false;
  part("saved").textContent = `Saved as ${link.download}, where your browser puts downloads.`;
}

/** Takes over a file that this page has saved, perhaps in another browser. */
async function readFile() {
  const [file] = part("file").files;
  if (!file) return;
  const records = recordsOf(await file.text()).filter((record) => ITEMS.has(record.id) && COLUMN in record);
  const name = nameFrom(unguarded(records[0]?.rater ?? ""));
  if (name) {
    const kept = keptOf(name);
    for (const record of records) {
      const choice = COMPARES ? record.choice : String(Number(record.rating.replace(",", ".")));
      const old = kept.marks[record.id];
      const note = record.note ? unguarded(record.note) : old.note;
      kept.marks[record.id] = { choice: CHOICES.includes(choice) ? choice : old.choice, note };
    }
    keep(`${KEY}-${name}`, JSON.stringify(kept));
    part("rater").value = name;
    showKnown();
  }
  part("read").textContent = name ? `Read ${file.name}.` : `${file.name} holds nothing of this sheet.`;
}

/** The digit of a key; by its place where it has none of its own, as in the upper row of French keyboards. */
function digitOf(event) {
  if (/^\d$/.test(event.key)) return event.key;
  return !event.shiftKey && /^Digit\d$/.test(event.code) ? event.code.at(-1) : null;
}

function onKey(event) {
  if (at === START || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target === part("note") && event.key === "Escape") part("heading").focus();
  if (event.target.closest("input, textarea, select")) return;
  const choice = KEYS[digitOf(event)];
  if (event.key === "ArrowLeft" && at > 0) go(at === END ? lastItem : at - 1);
  else if (event.key === "ArrowRight" && at < END) go(at + 1);
  else if (at === END || event.repeat) return;
  else if (event.key === "Backspace" || event.key === "Delete") choose("", false);
  else if (choice) choose(choice);
  else return;
  event.preventDefault();
}

/** The same sheet in another tab: what is chosen there must not be lost by what is chosen here. */
function onOtherTab(event) {
  if (at === START) showKnown();
  if (at === START || event.key !== `${KEY}-${rater}`) return;
  marks = keptOf(rater).marks;
  if (at === END) showEnd();
  else part("note").value = marks[order[at]].note;
  showChoice();
}

const CLICKS = {
  clear: () => choose("", false),
  back: () => go(at - 1),
  next: () => go(at + 1),
  save,
  "to-start": () => go(START),
  "to-end": () => go(END),
  "to-items": () => go(lastItem),
  "to-left": () => go(order.findIndex((id) => !marks[id].choice)),
};
for (const [id, act] of Object.entries(CLICKS)) part(id).addEventListener("click", act);
for (const button of document.querySelectorAll("[data-choice]")) {
  button.addEventListener("click", () => choose(button.dataset.choice));
}
part("half")?.addEventListener("change", () => choose(part("half").value, false));
part("begin").addEventListener("submit", begin);
part("rater").addEventListener("input", showKnown);
part("file").addEventListener("change", readFile);
part("note").addEventListener("input", writeNote);
document.addEventListener("keydown", onKey);
window.addEventListener("storage", onOtherTab);
window.addEventListener("beforeunload", (event) => {
  if (unsaved && forgets()) event.preventDefault();
});

keep(KEY, recall(KEY) ?? ""); // shows at once where nothing can be kept
showKept();
part("rater").value = recall(KEY);
showKnown();
