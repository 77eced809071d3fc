// Checks that no regular expression of the source takes a time that grows faster than its text: nested or adjacent repeats of
// the same characters, and repeats that are tried again from each character. scslre, the analysis of eslint-plugin-regexp,
// finds them. Patterns that a function builds from other texts cannot be read, so each is listed here with its reason.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { analyse } from "scslre";

// `import` would search the whole compiler for the names that it exports, which takes a second.
const ts = createRequire(import.meta.url)("typescript");

const ROOT = join(import.meta.dirname, "..");
/** If fewer patterns are found, the check does not work. */
const MIN_PATTERNS = 400;

/** Patterns that are reported or cannot be read, as in the source, by file. */
const ALLOWED = {
  // Only examples of this project are split, and nothing follows the repetition, so it cannot fail.
  "commands/shared/examples.ts": ["/(?:'[^']*'|\"[^\"]*\"|\\$\\([^)]*\\)|<[^>]+>|\\S)+/g"],
  // The text ends what is not closed, so the search cannot fail.
  "engine/render/email/markdown-to-liquid-html.ts": [
    `/\\{%-?\\s*raw\\s*-?%\\}[\\s\\S]*?(?:\\{%-?\\s*endraw\\s*-?%\\}|$)|\\{\\{[\\s\\S]*?(?:\\}\\}|$)|\\{%(?:[^"'%]|"[^"]*"|'[^']*'|%(?!\\}))*(?:%\\}|$)/g`,
    "`(?:<!--)?${word}(\\\\d+)x(?:-->)?`", // a word of letters
  ],
  // Patterns of users are matched by RE2, or within a time limit.
  "scenarios/name-filter.ts": ["pattern"],
  "scenarios/text-matcher.ts": ["pattern"],
  "domain/schema/check-json-schema.ts": ["pattern"],
  "domain/data-schema/resolve-patterns.ts": ["pattern"],
  "page/lib/schema.ts": ["pattern"],
  // Alternatives of escaped secrets.
  "util/redact-secrets.ts": ["source"],
  // An endpoint of the route table.
  "features/dev/emulator/access/cors.ts": [
    '`^${endpoint.replaceAll(/[.$]/g, "\\\\$&").replaceAll(/\\{\\w+\\}/g, "[^/]+")}$`',
  ],
  // The page of this project.
  "features/dev/emulator/page/serve-page.ts": ["`<${tag}[^>]*>([\\\\s\\\\S]*?)</${tag}>`"],
  // The name of a filter, in the text of one tag.
  "engine/liquid/liquid-errors.ts": [
    '`\\\\|\\\\s*(?=${originalError.filter.replaceAll(/[^\\w]/g, "\\\\$&")}(?![\\\\w-]))`',
  ],
  // The name of an element.
  "engine/render/email/html-to-text.ts": ["`</${name}`"],
  "engine/render/mjml/prepare-mjml.ts": ["`</${written}\\\\s*>`", "`${word}(\\\\d+)END`"],
  "engine/tracking/wrap-html.ts": ["`</${name}`"],
  // Copies of patterns of the file.
  "engine/liquid/replace-unread-blocks.ts": ["pattern"],
};

const isCall = (node, name) =>
  ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === name;

/** Returns the initializers of the constants at the top of a file. */
function readConstants(source) {
  const constants = new Map();
  for (const statement of source.statements)
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (ts.isIdentifier(name) && initializer) constants.set(name.text, initializer);
  return constants;
}

/** Parses a regular expression literal. */
function parseLiteral(text) {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return { source, flags };
}

/** Returns whether an expression is another pattern of the file, which is then copied. */
function isCopy(node, constants) {
  if (!ts.isIdentifier(node) || !constants.has(node.text)) return false;
  const constant = constants.get(node.text);
  return ts.isRegularExpressionLiteral(constant) || ts.isNewExpression(constant);
}

/** Returns the pattern that an expression stands for, or null if it is not a constant. */
function readPattern(node, constants) {
  if (ts.isRegularExpressionLiteral(node)) return parseLiteral(node.text).source;
  if (ts.isIdentifier(node)) return constants.has(node.text) ? readPattern(constants.get(node.text), constants) : null;
  if (ts.isNewExpression(node) && node.expression.getText() === "RegExp")
    return readPattern(node.arguments[0], constants);
  if (ts.isPropertyAccessExpression(node) && node.name.text === "source")
    return readPattern(node.expression, constants);
  return readText(node, constants);
}

/** Returns the value of an expression of texts, or null. */
function readText(node, constants) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTaggedTemplateExpression(node)) return readTemplate(node.template, constants, "rawText");
  if (ts.isTemplateExpression(node)) return readTemplate(node, constants, "text");
  if (isCall(node, "join") && ts.isArrayLiteralExpression(node.expression.expression)) {
    const parts = node.expression.expression.elements.map((element) => readText(element, constants));
    return parts.includes(null) ? null : parts.join(node.arguments[0].text);
  }
  return ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) ? readPattern(node, constants) : null;
}

function readTemplate(node, constants, kind) {
  if (ts.isNoSubstitutionTemplateLiteral(node)) return node[kind];
  let text = node.head[kind];
  for (const { expression, literal } of node.templateSpans) {
    const value = readPattern(expression, constants);
    if (value === null) return null;
    text += value + literal[kind];
  }
  return text;
}

/** Returns the problems of the patterns in a file, and the number of patterns. */
export function checkFile(file, text, allowed = []) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const constants = readConstants(source);
  const faults = [];
  const used = new Set();
  let count = 0;
  const report = (node, written, problem) => {
    if (allowed.includes(written)) used.add(written);
    else
      faults.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${written}: ${problem}`);
  };
  const check = (node, written, pattern) => {
    const { reports } = analyse(pattern);
    if (reports.length > 0)
      report(node, written, reports[0].exponential ? "takes exponential time" : "takes quadratic time");
  };
  const visit = (node) => {
    if (ts.isRegularExpressionLiteral(node)) {
      count++;
      check(node, node.text, parseLiteral(node.text));
    } else if (
      ts.isNewExpression(node) &&
      node.expression.getText() === "RegExp" &&
      !isCopy(node.arguments[0], constants)
    ) {
      count++;
      const [expression, flags] = node.arguments;
      const pattern = readPattern(expression, constants);
      if (pattern === null) report(node, expression.getText(), "cannot be read");
      else check(node, expression.getText(), { source: pattern, flags: flags?.text ?? "" });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const written of allowed) if (!used.has(written)) faults.push(`${file}: ${written} is allowed but not found`);
  return { faults, count };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = join(ROOT, "src");
  const files = readdirSync(folder, { recursive: true }).filter((file) => /\.tsx?$/.test(file));
  const results = files.map((file) => checkFile(file, readFileSync(join(folder, file), "utf8"), ALLOWED[file]));
  const faults = results.flatMap((result) => result.faults);
  const count = results.reduce((sum, result) => sum + result.count, 0);
  for (const fault of faults) console.error(fault);
  console.log(`${count} patterns, ${faults.length} faults`);
  if (count < MIN_PATTERNS) console.error(`only ${count} patterns found: the check did not work`);
  process.exitCode = faults.length > 0 || count < MIN_PATTERNS ? 1 : 0;
}
