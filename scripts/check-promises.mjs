// Checks that every test that SECURITY.md and docs/reliability.md name exists and is not skipped, and that every row of
// their tables with the column "Test" names one. A test is a link to its file, and the text of the link is its title. Titles of
// enclosing suites may precede it: [the suite › the title](test/engine/a.test.ts).
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";

// `import` would search the whole compiler for the names that it exports, which takes a second.
const ts = createRequire(import.meta.url)("typescript");

const ROOT = join(import.meta.dirname, "..");
/** The pages, each with the minimum number of tests. If a page names fewer, its format has changed and the check does not work. */
const PAGES = { "SECURITY.md": 70, "docs/reliability.md": 60 };
const SEPARATOR = " › ";

const TEST_LINK = /\[((?:\\.|[^\]\\])+)\]\(((?:\.\.\/)*test\/[^)\s]+\.ts)\)/g;
/** A placeholder of a parametrized title, such as `%s` and `$name`, or of a template literal. */
const PLACEHOLDER = /%[sdifjoO#$]|\$\{[^}]*\}|\$[\w.]+/g;
/** Functions of test/helpers that register a test end like this. */
const TEST_FUNCTION = /^(?:it|test)$|Test$/;
const SUITE_FUNCTION = /^describe/;
/** Functions of test/helpers that run a table of cases, each with its title. */
const TABLE_FUNCTION = /^describe\w+Cases$/;

function findRootName(expression) {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isTaggedTemplateExpression(expression)) return findRootName(expression.tag);
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression))
    return findRootName(expression.expression);
  return "";
}

/** Returns whether a test or suite never runs: it.skip, it.todo. Tests with a condition, such as it.skipIf, are run. */
const isSkipped = (expression, source) => /\.(?:skip|todo)\b/.test(expression.getText(source));

const isTitleOfCall = (node) => {
  if (!ts.isCallExpression(node.parent) || node.parent.arguments[0] !== node) return false;
  const name = findRootName(node.parent.expression);
  return TEST_FUNCTION.test(name) || SUITE_FUNCTION.test(name);
};

function readTitle(node, source) {
  if (node === undefined) return null;
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.getText(source).slice(1, -1) : null;
}

/**
 * Returns the tests of a file as `{ path, isSkipped }`, where `path` has the titles from the outermost suite to the test, and
 * the texts of the file that are not titles.
 */
function readTests(text) {
  const source = ts.createSourceFile("test.ts", text, ts.ScriptTarget.Latest, true);
  const tests = [];
  const literals = new Set();
  const visit = (node, path, isParentSkipped) => {
    if (ts.isStringLiteralLike(node) && !isTitleOfCall(node)) literals.add(node.text);
    let [childPath, isChildSkipped] = [path, isParentSkipped];
    if (ts.isCallExpression(node)) {
      const title = readTitle(node.arguments[0], source);
      const name = title === null ? "" : findRootName(node.expression);
      const isNodeSkipped = isParentSkipped || isSkipped(node.expression, source);
      if (TEST_FUNCTION.test(name)) tests.push({ path: [...path, title], isSkipped: isNodeSkipped });
      if (TABLE_FUNCTION.test(name)) tests.push({ path: [...path, title, "%s"], isSkipped: isNodeSkipped });
      if (SUITE_FUNCTION.test(name)) [childPath, isChildSkipped] = [[...path, title], isNodeSkipped];
    }
    ts.forEachChild(node, (child) => visit(child, childPath, isChildSkipped));
  };
  visit(source, [], false);
  return { tests, literals };
}

/**
 * Returns whether a title in a page is that of a test. A parametrized title is named as in the source, or with its values. One
 * that consists of values only needs a text of the file.
 */
function isTitle(title, sourceTitle, literals) {
  if (title === sourceTitle) return true;
  const fixed = sourceTitle.split(PLACEHOLDER);
  if (fixed.length === 1) return false;
  if (fixed.every((part) => part.trim() === "")) return literals.has(title);
  const pattern = fixed.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".+");
  return new RegExp(`^${pattern}$`, "s").test(title);
}

/** Returns whether the titles of a page are the test's own title and, before it, some of its suites in their order. */
function isNamed(titles, path, literals) {
  const [own, ...suites] = titles.toReversed();
  const [title, ...enclosing] = path.toReversed();
  if (!isTitle(own, title, literals)) return false;
  for (const suite of suites) {
    const index = enclosing.findIndex((name) => isTitle(suite, name, literals));
    if (index < 0) return false;
    enclosing.splice(0, index + 1);
  }
  return true;
}

/** Returns the rows of tables whose last column is "Test", with their line numbers. */
function listTestRows(text) {
  const rows = [];
  let isTestTable = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith("|")) isTestTable = false;
    else if (/\| Tests? \|$/.test(line)) isTestTable = true;
    else if (isTestTable && !/^\|[-|: ]+\|$/.test(line)) rows.push({ line: index + 1, cells: line.split(/(?<!\\)\|/) });
  }
  return rows;
}

/**
 * Returns the problems of a page, and the number of tests that it names. `readFile` returns the text of a file by its path
 * in the repository, or null.
 */
export function checkPage(page, text, readFile) {
  const faults = [];
  const files = new Map();
  let count = 0;
  for (const { line, cells } of listTestRows(text))
    if ((cells.at(-2) ?? "").search(TEST_LINK) < 0) faults.push(`${page}:${line}: the row names no test`);
  for (const match of text.matchAll(TEST_LINK)) {
    const [, label = "", target = ""] = match;
    const at = `${page}:${text.slice(0, match.index).split("\n").length}`;
    const file = posix.join(dirname(page), target);
    const title = label.replaceAll(/\\(.)/g, "$1").replaceAll(/\s+/g, " ");
    count++;
    if (!files.has(file)) {
      const source = readFile(file);
      files.set(file, source === null ? null : readTests(source));
    }
    const known = files.get(file);
    if (known === null) {
      faults.push(`${at}: ${file} does not exist`);
      continue;
    }
    const named = known.tests.filter(({ path }) => isNamed(title.split(SEPARATOR), path, known.literals));
    if (named.length === 0) faults.push(`${at}: ${file} has no test "${title}"`);
    else if (named.every((test) => test.isSkipped)) faults.push(`${at}: ${file} skips the test "${title}"`);
  }
  return { faults, count };
}

function readRepositoryFile(file) {
  const path = join(ROOT, file);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

if (process.argv[1] === import.meta.filename) {
  const faults = [];
  for (const [page, minimum] of Object.entries(PAGES)) {
    const found = checkPage(page, readRepositoryFile(page) ?? "", readRepositoryFile);
    faults.push(...found.faults);
    if (found.count < minimum)
      faults.push(`${page}: only ${found.count} tests found, at least ${minimum} expected: the check did not work`);
    console.log(`${page} names ${found.count} tests`);
  }
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
