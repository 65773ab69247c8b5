"use strict";
// Code in colours: comments, strings, numbers and the words that most languages share.  A guess, and only colours.

const HASH = /^(py|python|python3|bash|sh|shell|zsh|ruby|rb|r|perl|yaml|yml|toml|make|makefile|julia|elixir)$/;
const DASH = /^(sql|lua|haskell|hs|ada|elm)$/;
const PLAIN = /^(|text|txt|plaintext|output|console|html|xml|markdown|md|csv|latex|tex)$/;
const WORDS = new Set(
  (
    "abstract and as assert async auto await begin bool boolean break case catch char class const continue def default " +
    "del delete do double elif else end enum except export extends extern False false final finally float fn for from " +
    "func function go goto if impl implements import in include inline instanceof int interface is lambda let local long " +
    "loop match mod module mut namespace new nil None none nonlocal not null nullptr operator or override package pass " +
    "private protected pub public raise require return select self short signed sizeof static std string struct super " +
    "switch template then this throw throws trait True true try type typedef typename typeof union unsafe unsigned use " +
    "using var vector virtual void volatile when where while with yield " +
    "SELECT FROM WHERE JOIN ON GROUP BY ORDER INSERT INTO VALUES UPDATE SET CREATE TABLE AND OR NOT NULL AS LIMIT"
  ).split(" "),
);
const STRINGS = String.raw`"""[^]*?(?:"""|(?![^]))|'''[^]*?(?:'''|(?![^]))|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?`;
const REST = String.raw`\b\d[\w.]*|[A-Za-z_]\w*`;

function patternFor(language) {
  const comment = HASH.test(language) ? "#.*" : DASH.test(language) ? "--.*" : String.raw`//.*|/\*[^]*?(?:\*/|(?![^]))|^[ \t]*#.*`;
  return new RegExp(`(${comment})|(${STRINGS})|(${REST})`, "gm");
}

/** An element with code in it. */
function codeBlock(text, language) {
  const code = make("code");
  const name = language.toLowerCase();
  if (PLAIN.test(name)) {
    code.append(text);
    return make("pre", "", code);
  }
  let from = 0;
  for (const found of text.matchAll(patternFor(name))) {
    const [all, comment, string, word] = found;
    const kind = comment ? "comment" : string ? "string" : /^\d/.test(word) ? "number" : WORDS.has(word) ? "keyword" : "";
    if (!kind) continue;
    code.append(text.slice(from, found.index), make("span", kind, all));
    from = found.index + all.length;
  }
  code.append(text.slice(from));
  return make("pre", "", code);
}
