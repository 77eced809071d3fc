// Collects the prose of the project: documentation, comments, test titles and messages, each with its file and line.
// schemas/ is generated from descriptions in src/, which are messages.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// `import` would search the whole compiler for the names that it exports, which takes a second.
const ts = createRequire(import.meta.url)("typescript");

/** A message contains several words. Shorter texts are names and values. */
const MESSAGE = /[A-Za-z,.:;]\s\S+\s\S/;
const TITLE_FUNCTIONS = new Set(["it", "describe", "test", "cliTest", "inProcessTest"]);

function listFiles(pattern) {
  return execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--deduplicate"], { encoding: "utf8" })
    .split("\n")
    .filter((file) => pattern.test(file));
}

/** Returns a comment without its markers, with the same number of lines. */
function plainComment(text) {
  return text
    .replace(/^\/\*+/, "")
    .replace(/\*+\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*(?:\/\/+|\*+(?!\/))?\s*/, ""))
    .join("\n")
    .replace(/\{@link (\w+)[^}]*\}/g, "`$1`")
    .replace(/@\w+/g, "");
}

/** Returns the text of a string or template, or null for other nodes. A placeholder counts as one word. */
function literalText(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map(({ literal }) => `\`x\`${literal.text}`).join("");
}

function calledName(expression) {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression)) return calledName(expression.expression);
  if (ts.isCallExpression(expression)) return calledName(expression.expression);
  return ts.isTaggedTemplateExpression(expression) ? calledName(expression.tag) : "";
}

function isTitle(node) {
  const { parent } = node;
  return (
    ts.isCallExpression(parent) && parent.arguments[0] === node && TITLE_FUNCTIONS.has(calledName(parent.expression))
  );
}

/** Returns the comments of a file and, depending on the kind of file, its messages or test titles. */
function readSource(file) {
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const pieces = [];
  const seen = new Set();
  const addComments = (ranges) => {
    for (const { pos, end } of ranges ?? []) {
      if (seen.has(pos)) continue;
      seen.add(pos);
      const comment = text.slice(pos, end);
      if (!/^(\/\/|\/\*)\s*biome-ignore|^#!/.test(comment))
        pieces.push({ kind: "comment", line: lineAt(pos), text: plainComment(comment) });
    }
  };
  const visit = (node) => {
    addComments(ts.getLeadingCommentRanges(text, node.getFullStart()));
    addComments(ts.getTrailingCommentRanges(text, node.getEnd()));
    const literal = literalText(node);
    if (literal !== null && !ts.isImportDeclaration(node.parent)) {
      const line = lineAt(node.getStart(source));
      if (file.startsWith("test/")) {
        if (isTitle(node)) pieces.push({ kind: "title", line, text: literal });
      } else if (
        file.startsWith("src/") &&
        MESSAGE.test(literal) &&
        !/^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DROP|PRAGMA|ALTER|<)/.test(literal)
      )
        pieces.push({ kind: "message", line, text: literal });
    }
    if (file.startsWith("src/") && ts.isJsxText(node)) {
      const shown = node.text.replace(/\s+/g, " ").trim();
      const start = node.getFullStart() + node.text.length - node.text.trimStart().length;
      if (MESSAGE.test(shown)) pieces.push({ kind: "message", line: lineAt(start), text: shown });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return pieces;
}

/** Returns the comments of a file in which they begin with a number sign, such as YAML, a Dockerfile or a shell script. */
function readHashComments(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((text, index) => {
      const [, comment] = /(?:^|\s)#(?!!)\s*(.+)$/.exec(text) ?? [];
      return comment === undefined ? [] : [{ kind: "comment", line: index + 1, text: comment }];
    });
}

/** Returns the descriptions in a file of a sample project, which the reference shows, and its names of scenarios. */
function readSampleTexts(file) {
  const pattern = file.endsWith(".json")
    ? /^\s*"(?:description|notes)":\s*("(?:[^"\\]|\\.)*")/
    : /^ {2}(?! )["']?([^#"'].*?)["']?:\s*$/;
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      const [, found] = pattern.exec(line) ?? [];
      if (found === undefined) return [];
      return [{ kind: "message", line: index + 1, text: found.startsWith('"') ? JSON.parse(found) : found }];
    });
}

/** Joins comments on consecutive lines into one text. */
function joinComments(pieces) {
  const joined = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    const lines = last?.text.split("\n").length ?? 0;
    if (last?.kind === "comment" && piece.kind === "comment" && last.line + lines === piece.line)
      last.text += `\n${piece.text}`;
    else joined.push({ ...piece });
  }
  return joined;
}

/**
 * Returns all prose, as `{ file, line, kind, text }`. `only` limits it to paths that start with one of the given ones.
 */
export function readProse(only = []) {
  const isAsked = (file) => only.length === 0 || only.some((start) => file.startsWith(start));
  const documents = listFiles(
    /^(?:README|ARCHITECTURE|CODE_OF_CONDUCT|CONTRIBUTING|CHANGELOG|RELEASING|SECURITY|fixtures\/README|docs\/.*)\.md$/,
  )
    .filter(isAsked)
    .map((file) => ({ file, line: 1, kind: "document", text: readFileSync(file, "utf8") }));
  const sources = listFiles(/^(?:src|test|bench|scripts)\/.*\.(?:ts|tsx|mjs)$|^(?:bin\/knock\.js|vitest\.config\.ts)$/)
    .filter(isAsked)
    .flatMap((file) => joinComments(readSource(file)).map((piece) => ({ file, ...piece })));
  const configurations = listFiles(/^(?:Dockerfile|\.ci\/run|(?:deploy|\.github)\/.*)$/)
    .filter(isAsked)
    .flatMap((file) => joinComments(readHashComments(file)).map((piece) => ({ file, ...piece })));
  const samples = listFiles(/^fixtures\/(?:collab|shop|ops)\/.*\.(?:json|test\.yaml)$/)
    .filter(isAsked)
    .flatMap((file) => readSampleTexts(file).map((piece) => ({ file, ...piece })));
  return [...documents, ...sources, ...configurations, ...samples];
}
