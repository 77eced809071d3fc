// Generates docs/llms.txt, an index of the pages for language models (llmstxt.org), and docs/llms-full.txt with their texts.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { joinParts } from "../documentation/markdown.mjs";
import { readSummary } from "../documentation/read-summary.mjs";
import { ROOT } from "../load-source.mjs";

const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** The sections of the index, with their folders. The last one may be left out if a shorter context is needed. */
const SECTIONS = [
  ["Guide", ["guide"]],
  ["Recipes", ["recipes"]],
  ["Reference", ["reference", "reference/files"]],
  ["Optional", ["reference/commands"]],
];
/** Folders whose texts are in the full file, besides the page of errors. `knock docs` prints the reference, for which the package has no room twice. */
const FULL = ["guide", "recipes"];
const SUMMARY =
  "knock runs notification workflows locally: it triggers them, moves the clock, shows every message with the reasons, and tests them with scenarios. Offline, without an account.";

const listPages = (folder) =>
  readdirSync(join(ROOT, "docs", folder))
    .filter((name) => name.endsWith(".md") && name !== "README.md" && !files.includes(`!docs/${folder}/${name}`))
    .sort()
    .map((name) => `${folder}/${name}`);

const toPlain = (text) => text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");

function formatLink(path, readPage) {
  const { title, sentence } = readSummary(readPage(`docs/${path}`), path);
  return `- [${toPlain(title)}](${path})${sentence === "" ? "" : `: ${toPlain(sentence)}`}`;
}

/** Returns a page without the markers of tests, and without the targets of links, which are pages of the same file. */
const cleanPage = (text) => toPlain(text.replaceAll(/^<!--.*-->\n+/gm, "")).trim();

export function buildPages(readPage) {
  const sections = SECTIONS.map(([heading, folders]) => {
    const paths = folders.flatMap(listPages);
    if (heading === "Reference") paths.push("troubleshooting.md");
    return [`## ${heading}`, paths.map((path) => formatLink(path, readPage)).join("\n")];
  });
  const texts = [...FULL.flatMap(listPages), "troubleshooting.md"].map(
    (path) => `<!-- docs/${path} -->\n\n${cleanPage(readPage(`docs/${path}`))}`,
  );
  const note =
    "Run `knock docs <words>` to search these pages offline, `knock docs <page>` to read one, and `knock help --json` for all commands. The skill for coding agents is in skills/knock of the package.";
  return {
    "docs/llms.txt": `${joinParts("# knock", `> ${SUMMARY}`, note, sections)}\n`,
    "docs/llms-full.txt": `${joinParts(
      "# knock",
      `> ${SUMMARY}`,
      "The guide, the recipes and the errors. Run `knock docs` for the list of all pages, and `knock docs <page>` to read one of the reference.",
      texts,
    )}\n`,
  };
}
