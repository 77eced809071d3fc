// Finds words and phrases that scripts/prose-rules.yml lists. `node scripts/check-prose.mjs src/engine` checks one
// folder.
import { join } from "node:path";
import { readProse } from "./prose-sources.mjs";
import { requireTool } from "./tools.mjs";

const { TextlintKernel } = await requireTool("prose", "@textlint/kernel");
const markdown = await requireTool("prose", "@textlint/textlint-plugin-markdown");
const prh = await requireTool("prose", "textlint-rule-prh");

const RULES = join(import.meta.dirname, "prose-rules.yml");
const kernel = new TextlintKernel();
const ruleOptions = {
  rulePaths: [RULES],
  checkLink: true,
  checkBlockQuote: true,
  checkEmphasis: true,
  checkHeader: true,
};

/** Returns the phrases to replace in a text, as `{ line, message }`. Inline code is not checked. */
export async function checkText(text) {
  const { messages } = await kernel.lintText(text, {
    ext: ".md",
    plugins: [{ pluginId: "markdown", plugin: markdown.default ?? markdown }],
    rules: [{ ruleId: "prh", rule: prh.default ?? prh, options: ruleOptions }],
  });
  return messages.map(({ line, message }) => ({ line, message: message.split("\n")[0] }));
}

/**
 * Joins the pieces of a file into one document, so that it is parsed only once. `lines` maps its lines to those of the
 * source.
 */
function joinPieces(pieces) {
  const lines = [];
  const text = [];
  for (const piece of pieces) {
    for (const [index, line] of piece.text.split("\n").entries()) {
      text.push(piece.kind === "document" ? line : line.trimStart());
      lines.push(piece.line + (piece.kind === "comment" || piece.kind === "document" ? index : 0));
    }
    text.push("");
    lines.push(piece.line);
  }
  return { text: text.join("\n"), lines };
}

export async function checkProse(only) {
  const byFile = Map.groupBy?.(readProse(only), ({ file }) => file) ?? groupByFile(readProse(only));
  const findings = [];
  for (const [file, pieces] of byFile) {
    const { text, lines } = joinPieces(pieces);
    for (const { line, message } of await checkText(text)) findings.push(`${file}:${lines[line - 1]}: ${message}`);
  }
  return findings;
}

function groupByFile(pieces) {
  const groups = new Map();
  for (const piece of pieces) groups.set(piece.file, [...(groups.get(piece.file) ?? []), piece]);
  return groups;
}

if (process.argv[1] === import.meta.filename) {
  const findings = await checkProse(process.argv.slice(2));
  for (const finding of findings) console.log(finding);
  console.log(`${findings.length} phrases to replace`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
