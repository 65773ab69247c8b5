"use strict";
// Markdown as models write it, made of elements and texts alone: no HTML is read, no image is shown, no link leads away.

const DEEPEST = 8; // quotations in lists in quotations; what is deeper is text
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)/; // and no backtick behind it: see `fenceOf`
const HEADING = /^ {0,3}(#{1,6})[ \t]+(?=\S)/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+•]|\d{1,9}[.)])[ \t]+(?=\S)/;
const TABLE = /^ *\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$/;

/** A text as Markdown. */
function markdown(text) {
  const block = make("div", "text rendered");
  block.dir = "auto";
  block.append(...blocks(text.split("\n"), 0));
  return block;
}

function blocks(lines, depth) {
  const made = [];
  let at = 0;
  while (at < lines.length) {
    const [element, next] = depth > DEEPEST ? paragraph(lines, at, lines.length) : block(lines, at, depth);
    if (element) made.push(element);
    at = next;
  }
  return made;
}

/** The block that begins at a line, and where the next begins. */
function block(lines, at, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = fenceOf(line);
  if (fence) return fenced(lines, at, fence);
  const heading = line.match(HEADING);
  if (heading) return [headingOf(line.slice(heading[0].length), heading[1].length), at + 1];
  if (RULE.test(line)) return [make("hr"), at + 1];
  if (QUOTE.test(line)) return quote(lines, at, depth);
  if (ITEM.test(line)) return listOf(lines, at, depth);
  if (isTable(lines, at)) return table(lines, at);
  let end = at + 1;
  while (end < lines.length && !beginsBlock(lines, end)) end++;
  return paragraph(lines, at, end);
}

function beginsBlock(lines, at) {
  const line = lines[at];
  return (
    !line.trim() || fenceOf(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line) ||
    isTable(lines, at)
  );
}

function headingOf(text, level) {
  let end = text.length;
  while (end && " \t#".includes(text[end - 1])) end--;
  return make(`h${Math.min(6, level + 3)}`, "", ...inline(text.slice(0, end)));
}

function fenceOf(line) {
  const found = line.match(FENCE);
  return found && !line.includes("`", found[0].length) ? found : null;
}

function paragraph(lines, at, end) {
  return [make("p", "", ...inline(lines.slice(at, end).join("\n"))), end];
}

function fenced(lines, at, [, mark, language]) {
  let end = at + 1;
  const closes = (line) => line.trim().startsWith(mark) && !line.trim().replaceAll(mark[0], "");
  while (end < lines.length && !closes(lines[end])) end++;
  return [codeBlock(lines.slice(at + 1, end).join("\n"), language), end + 1];
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end++;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [make("blockquote", "", ...blocks(inner, depth + 1)), end];
}

function listOf(lines, at, depth) {
  const [, , mark] = lines[at].match(ITEM);
  const ordered = /\d/.test(mark);
  const made = make(ordered ? "ol" : "ul");
  if (ordered) made.start = Number.parseInt(mark, 10);
  let end = at;
  while (end < lines.length) {
    const item = lines[end].match(ITEM);
    if (!item || /\d/.test(item[2]) !== ordered) break;
    const width = item[0].length;
    const inner = [lines[end++].slice(width)];
    while (end < lines.length && continues(lines, end, item[1].length)) {
      inner.push(lines[end].replace(new RegExp(`^ {0,${width}}`), ""));
      end++;
    }
    made.append(make("li", "", ...tight(blocks(inner, depth + 1))));
    while (end + 1 < lines.length && !lines[end].trim() && ITEM.test(lines[end + 1])) end++;
  }
  return [made, end];
}

/** Whether a line belongs to the item before it, which is indented by so much. */
function continues(lines, at, indent) {
  const line = lines[at];
  if (!line.trim()) return at + 1 < lines.length && /^ {2,}\S/.test(lines[at + 1]) && indentOf(lines[at + 1]) > indent;
  if (indentOf(line) > indent) return true;
  return lines[at - 1].trim() !== "" && !beginsBlock(lines, at);
}

function indentOf(line) {
  return line.length - line.trimStart().length;
}

/** An item's one paragraph without a paragraph around it. */
function tight(made) {
  return made[0]?.tagName === "P" ? [...made[0].childNodes, ...made.slice(1)] : made;
}

function isTable(lines, at) {
  return lines[at].includes("|") && at + 1 < lines.length && lines[at + 1].length < 2000 && TABLE.test(lines[at + 1]);
}

function table(lines, at) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const row = (line, tag) => make("tr", "", ...cells(line).map((cell) => make(tag, "", ...inline(cell))));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end++;
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const made = make("table", "", make("thead", "", row(lines[at], "th")), make("tbody", "", ...body));
  return [make("div", "scroll", made), end];
}

// --- Within a line.

const SIGNS = /\\[\\`*_{}#+.!|>~-]|`+|\*{1,3}|_{1,3}|~~|\[/g;
const LINK = /\[([^[\]\n]{1,300})\]\(<?([^()<>\s]{1,1000})>?(?:[ \t]+"[^"\n]{0,200}")?\)/y;
// Emphasis as people write it: 3*3*7 and (a+b)*c*d are products, and snake_case_names are names.
const OPENS_AFTER = /^$|[\s([{"'“‘«„—–\-:;,./|>~_*]|[^\x00-\x7f]/;
const CLOSES_BEFORE = /^$|[\s)\]}"'”’»—–\-:;,./|<~_*!?]|[^\x00-\x7f]/;
const TAGS = { "*": ["em"], "**": ["strong"], "***": ["strong", "em"], "~~": ["s"] };

/** The nodes of a text: emphasis, code and links.  Time grows with the text's length and no faster. */
function inline(text, depth = 0) {
  const nodes = [];
  const never = new Set(); // marks that do not stand again behind here
  let from = 0;
  const plain = (to) => {
    if (to > from) nodes.push(text.slice(from, to));
  };
  SIGNS.lastIndex = 0;
  const signs = [...text.matchAll(SIGNS)];
  for (const { 0: sign, index } of signs) {
    if (index < from) continue;
    const found = depth < DEEPEST ? spanAt(text, index, sign, never, depth) : null;
    if (!found) continue;
    plain(index);
    nodes.push(...found.nodes);
    from = found.end;
  }
  plain(text.length);
  return nodes;
}

function spanAt(text, index, sign, never, depth) {
  if (sign[0] === "\\") return { nodes: [sign[1]], end: index + 2 };
  if (sign === "[") return linkAt(text, index);
  if (never.has(sign)) return null;
  const start = index + sign.length;
  if (sign[0] === "`") {
    const end = closing(text, sign, start, never);
    return end < 0 ? null : { nodes: [make("code", "", text.slice(start, end).trim())], end: end + sign.length };
  }
  if (/\s|^$/.test(text.slice(start, start + 1))) return null;
  if (!OPENS_AFTER.test(text.slice(Math.max(0, index - 1), index))) return null;
  const end = closing(text, sign, start, never);
  if (end < 0) return null;
  const [outer, within] = TAGS[sign.replaceAll("_", "*")];
  const inner = inline(text.slice(start, end), depth + 1);
  return { nodes: [make(outer, "", ...(within ? [make(within, "", ...inner)] : inner))], end: end + sign.length };
}

/** Where a mark stands again and closes what it began; -1 where it does not. */
function closing(text, sign, start, never) {
  const code = sign[0] === "`";
  for (let at = text.indexOf(sign, start); at >= 0; at = text.indexOf(sign, at)) {
    let end = at;
    while (text[end] === sign[0]) end++;
    const alone = end - at === sign.length;
    const closes = code || (!/\s/.test(text[at - 1]) && CLOSES_BEFORE.test(text.slice(end, end + 1)));
    if (alone && closes && at > start) return at;
    at = end;
  }
  never.add(sign);
  return -1;
}

/** A link's text and where it would lead, as text. */
function linkAt(text, index) {
  LINK.lastIndex = index;
  const found = text[index - 1] === "!" ? null : LINK.exec(text);
  if (!found) return null;
  const [all, label, target] = found;
  const address = label === target ? "" : make("span", "address", ` (${target})`);
  return { nodes: [make("span", "link", label, address)], end: index + all.length };
}
