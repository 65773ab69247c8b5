"use strict";
// Which words differ between two texts, and how they are marked.

// A word, a letter of a script without spaces, or a sign.
const TOKEN = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[\p{L}\p{M}\p{N}_]+|[^\s]/gu;
const MOST_CELLS = 25e6; // of the table below: 5,000 words beside 5,000
const SHORT = 3; // words in common between two changes that say nothing
const ALIKE = 0.3; // the share of words in common below which marks would be nearly everything

/**
 * Which words two lists have in common, in order: for each list an array of 1 and 0.
 * The longest common subsequence, after what both begin and end with; null where that would take too long.
 */
function commonWords(one, two) {
  const kept = [new Uint8Array(one.length), new Uint8Array(two.length)];
  let start = 0;
  while (start < one.length && start < two.length && one[start] === two[start]) start++;
  let ends = [one.length, two.length];
  while (ends[0] > start && ends[1] > start && one[ends[0] - 1] === two[ends[1] - 1]) ends = [ends[0] - 1, ends[1] - 1];
  kept[0].fill(1).fill(0, start, ends[0]);
  kept[1].fill(1).fill(0, start, ends[1]);
  const [rows, columns] = [ends[0] - start, ends[1] - start];
  if (rows * columns > MOST_CELLS) return null;
  const width = columns + 1;
  const lengths = new Uint16Array((rows + 1) * width); // of what is in common from here on
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      const here = row * width + column;
      lengths[here] =
        one[start + row] === two[start + column]
          ? lengths[here + width + 1] + 1
          : Math.max(lengths[here + width], lengths[here + 1]);
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    const here = row * width + column;
    if (one[start + row] === two[start + column]) {
      kept[0][start + row++] = 1;
      kept[1][start + column++] = 1;
    } else if (lengths[here + width] >= lengths[here + 1]) row++;
    else column++;
  }
  return dropShort(kept);
}

/** Takes a few words in common amid longer changes for changed: "the" in two sentences says nothing. */
function dropShort([one, two]) {
  let row = 0;
  let column = 0;
  let changedBefore = 0;
  while (row < one.length || column < two.length) {
    let changed = 0;
    for (; row < one.length && !one[row]; row++) changed++;
    for (; column < two.length && !two[column]; column++) changed++;
    const [fromRow, fromColumn] = [row, column];
    while (row < one.length && one[row] && column < two.length && two[column]) {
      row++;
      column++;
    }
    const length = row - fromRow;
    let changedAfter = 0;
    for (let next = row; next < one.length && !one[next]; next++) changedAfter++;
    for (let next = column; next < two.length && !two[next]; next++) changedAfter++;
    const before = changedBefore + changed;
    if (length && length < SHORT && before > 2 * length && changedAfter > 2 * length) {
      one.fill(0, fromRow, row);
      two.fill(0, fromColumn, column);
      changedBefore = before + length;
    } else changedBefore = 0;
  }
  return [one, two];
}

/** The words of an element's texts, each with its place. */
function wordsIn(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const words = [];
  while (walker.nextNode()) {
    for (const found of walker.currentNode.data.matchAll(TOKEN)) {
      words.push({ node: walker.currentNode, start: found.index, end: found.index + found[0].length, text: found[0] });
    }
  }
  return words;
}

/**
 * Marks the words that two elements do not have in common, and says what share they have; null where they are too long.
 * Where they have less than the least share in common nothing is marked.
 */
function markChanges(before, after, least = ALIKE) {
  const words = [wordsIn(before), wordsIn(after)];
  const total = words[0].length + words[1].length;
  const kept = commonWords(...words.map((found) => found.map((word) => word.text)));
  if (kept === null) return null;
  const share = total ? (2 * kept[0].reduce((sum, one) => sum + one, 0)) / total : 1;
  if (share < least) return share;
  mark(words[0], kept[0], "del");
  mark(words[1], kept[1], "ins");
  return share;
}

function mark(words, kept, tag) {
  const changes = new Map(); // by node: from where to where
  words.forEach((word, number) => {
    if (kept[number]) return;
    const spans = changes.get(word.node) ?? [];
    const last = spans.at(-1);
    // Changed words in a row are one mark, with what is between them.
    if (last && words[number - 1] === last.word) Object.assign(last, { end: word.end, word });
    else spans.push({ start: word.start, end: word.end, word });
    changes.set(word.node, spans);
  });
  for (const [node, spans] of changes) {
    const pieces = [];
    let from = 0;
    for (const { start, end } of spans) {
      pieces.push(node.data.slice(from, start), make(tag, "", node.data.slice(start, end)));
      from = end;
    }
    node.replaceWith(...pieces, node.data.slice(from));
  }
}
