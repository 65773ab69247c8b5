"use strict";
// One turn, opened: question, answers side by side, what the judge said of each, and what a reader should know.

const LONG = 700; // characters of a reference that is folded, so that the answers are near their question
const views = { markdown: true, marked: true };

/** A text as the reader wants it: as it is, or as Markdown. */
function textBlock(text) {
  if (views.markdown) return markdown(text);
  const block = make("div", "text", text);
  block.dir = "auto";
  return block;
}

/** The judge's words, its mark highlighted; they come in pieces, of which every second is a mark. */
function judgmentBlock(pieces, counts) {
  const block = make("div", "text");
  block.dir = "auto";
  pieces.forEach((piece, number) => block.append(number % 2 ? make("mark", counts ? "" : "odd", piece) : piece));
  return block;
}

function folded(summary, ...children) {
  return make("details", "", make("summary", "", summary), ...children);
}

function scoreBadge(score, words = "score") {
  if (score === null || score === undefined) return make("span", "score none", make("span", "sr", words), " –");
  return make("span", `score s${Math.min(5, Math.max(1, Math.ceil(score / 2)))}`, make("span", "sr", `${words} `), figure(score));
}

/** What a side of a conversation says: an answer, thinking, or why there is none. */
function answerBlock(answer, reason, elsewhere) {
  if (!answer) {
    const held = elsewhere ? folded("What the reply held in another field", make("div", "text", elsewhere)) : null;
    return [make("p", "none", `No answer${reason ? `: ${reason}` : "."}`), held];
  }
  const text = answer.text.trim() ? textBlock(answer.text) : make("p", "none", "The answer is empty.");
  text.classList.add("answer-text");
  const thinking = answer.thinking === undefined ? null : folded("Thinking, which the judge did not see", make("div", "text", answer.thinking));
  return [thinking, text];
}

function judgmentsBlock(run) {
  const many = run.judgments.length > 1;
  return run.judgments.map((one, number) =>
    make(
      "div", "judgment",
      make("h5", "", one.judge ?? (many ? `Judgment ${number + 1}` : "Judgment"), many || one.judge ? scoreBadge(one.score, "rated") : null),
      judgmentBlock(one.text, one.score !== null),
      one.reason ? make("p", "none", one.reason) : null,
    ),
  );
}

/** One model's side. */
function side(kind, name, role, score, run) {
  const head = make("h4", "", make("span", "name", name), make("span", "role", role), score);
  const judged = run.judgments ? judgmentsBlock(run) : [];
  const section = make("section", `side ${kind}`, head, make("div", "answer", ...answerBlock(run.answer, run.unscored, run.elsewhere)));
  if (judged.length) section.append(make("div", "judgments", ...judged));
  return section;
}

const OUTCOMES = { win: "won", loss: "lost", tie: "tie" };

function gameWords(game, own) {
  if (game.outcome === null) return `No verdict: ${game.unscored ?? "an order has none"}.`;
  if (game.flipped) return `A tie: in both orders the judge named the ${game.flipped} answer, whichever model that was.`;
  if (game.outcome === "tie") {
    return game.winners[0] === 0 && game.winners[1] === 0 ? "A tie: so says the judge in both orders." : "A tie: the judge says different things in the two orders.";
  }
  return `${game.outcome === "win" ? own : game.against} is better: so says the judge in both orders.`;
}

function verdictBlock(game, order, own) {
  const places = [own, game.against];
  const [first, second] = order ? places.reverse() : places;
  const winner = { 1: `${own} is better`, "-1": `${game.against} is better`, 0: "neither is better" };
  const said = game.winners ? winner[game.winners[order]] : (game.verdicts[order] ?? "no verdict");
  return make(
    "section", "side",
    make("h5", "", `${order ? "Second" : "First"} order: ${first} as A, ${second} as B`, make("span", "role", said)),
    judgmentBlock(game.judgments[order], game.verdicts[order] !== null),
  );
}

function gameBlock(game, run, own, several) {
  const outcome = make("span", `outcome ${game.outcome ?? "none"}`, OUTCOMES[game.outcome] ?? "unscored");
  return make(
    "div", "game",
    make("p", "outcome-line", outcome, several ? `against ${game.against}. ` : "", gameWords(game, own)),
    make(
      "div", "sides",
      side("own", own, "model under test", null, { ...run, unscored: run.answer ? "" : run.unscored }),
      side("other", game.against, "compared with", null, { answer: game.answer, unscored: "" }),
    ),
    make("div", "sides verdicts", verdictBlock(game, 0, own), verdictBlock(game, 1, own)),
  );
}

/** Marks what two answers do not have in common, and says so where that would be nearly everything. */
function compareSides(block) {
  for (const sides of block.querySelectorAll(".sides:not(.verdicts)")) {
    const [own, other] = [".own", ".other"].map((name) => sides.querySelector(`${name} > .answer > .answer-text`));
    if (!own || !other || !views.marked) continue;
    if (own.textContent === other.textContent) {
      sides.before(make("p", "soft", "The two answers are the same."));
      continue;
    }
    const share = markChanges(other, own);
    if (share === null) sides.before(make("p", "soft", "These answers are too long to mark what differs."));
    else if (share < ALIKE) sides.before(littleInCommon(share, () => markChanges(other, own, 0)));
  }
}

function littleInCommon(share, markAll) {
  const button = make("button", "", "Mark them all the same");
  button.type = "button";
  const line = make("p", "soft", `These answers have ${Math.round(100 * share)} % of their words in common. `, button);
  button.addEventListener("click", () => {
    markAll();
    button.remove();
  });
  return line;
}

function runBlock(row, texts, number) {
  const suite = SUITES[row.suite];
  const run = texts.runs[number];
  const own = texts.own ?? suite.own;
  if (run.games) return make("div", "", ...run.games.map((game) => gameBlock(game, run, own, run.games.length > 1)));
  const sides = [side("own", own, texts.base ? "this run" : "", scoreBadge(run.score), run)];
  if (texts.base) sides.push(side("other", suite.other || "baseline", "baseline", baseBadge(texts.base), texts.base));
  const block = make("div", "", make("div", `sides${texts.base ? "" : " alone"}`, ...sides));
  return block;
}

/** The score of the run whose texts are shown, and of the others. */
function baseBadge(base) {
  const others = base.scores.length > 1 ? make("span", "role", `runs: ${base.scores.map((one) => (one === null ? "–" : figure(one))).join(" ")}`) : null;
  return make("span", "", others, scoreBadge(base.score));
}

/** What came before in the conversation. */
function beforeBlock(before, number) {
  if (!before.length) return null;
  const turns = before.map(({ question, sides }) => [
    make("div", "question", textBlock(question)),
    make("div", "sides", ...sides.map(([name, answer]) => make("section", "side", make("h5", "", name), ...answerBlock(answer)))),
  ]);
  return folded(`The turn before, which the judge saw too${number ? ` (run ${number + 1})` : ""}`, ...turns.flat());
}

async function turnsBefore(row, texts, number) {
  const suite = SUITES[row.suite];
  const own = texts.own ?? suite.own;
  if (texts.before) return texts.before.map(({ question, answer }) => ({ question, sides: [[own, answer]] }));
  const earlier = rowBefore(row);
  if (!earlier) return [];
  const said = await textsOf(earlier);
  const run = said.runs[Math.min(number, said.runs.length - 1)];
  const sides = [[own, run.answer]];
  for (const game of run.games ?? []) sides.push([game.against, game.answer]);
  if (said.base) sides.push([suite.other || "baseline", said.base.answer]);
  return [{ question: said.question, sides }];
}

/** The conversation of a turn; which run is shown is kept by the element. */
async function conversation(row) {
  const texts = await textsOf(row);
  const body = make("div", "conversation");
  const shown = { run: 0 };
  body.redraw = async () => {
    const before = beforeBlock(await turnsBefore(row, texts, shown.run), shown.run);
    const runs = make("div", "run", runBlock(row, texts, shown.run));
    body.replaceChildren(...[
      headLine(row, texts),
      before,
      make("div", "question", textBlock(texts.question)),
      texts.reference === undefined ? null : referenceBlock(texts.reference),
      texts.runs.length > 1 ? runTabs(texts, shown, body) : null,
      runs,
    ].filter(Boolean));
    compareSides(runs);
  };
  await body.redraw();
  return body;
}

function referenceBlock(reference) {
  const block = folded("Reference answer, which the judge saw", textBlock(reference));
  block.className = "reference";
  block.open = reference.length < LONG;
  return block;
}

function headLine(row, texts) {
  const link = make("a", "", "Link to this turn");
  link.href = `#${encodeURIComponent(row.id)}`;
  const known = [texts.unscored ? `${row.score === null ? "Without a score" : "In part without a score"}: ${texts.unscored}.` : "", texts.people ?? "", ...row.flags.map((flag) => FLAGS[flag])];
  const notes = known.filter(Boolean).map((note) => make("li", "", note));
  return make(
    "div", "head",
    make("p", "soft", link, row.node ? make("code", "node", row.node) : null),
    notes.length ? make("ul", "notes", ...notes) : null,
  );
}

function runTabs(texts, shown, body) {
  const buttons = texts.runs.map((run, number) => {
    const button = make("button", "", `Run ${number + 1}`, scoreBadge(run.score));
    button.type = "button";
    button.setAttribute("aria-pressed", String(number === shown.run));
    button.addEventListener("click", async () => {
      shown.run = number;
      await body.redraw();
      body.querySelectorAll(".runs button")[number].focus();
    });
    return button;
  });
  const group = make("div", "runs", ...buttons);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Runs");
  return group;
}
