// Generates docs/README.md, the index of all pages, from the titles and first sentences of the pages.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatTable, joinParts } from "../documentation/markdown.mjs";
import { readSummary } from "../documentation/read-summary.mjs";
import { ROOT } from "../load-source.mjs";

/** The order in which a new user reads the guide. Other pages follow by name. */
const GUIDE_ORDER = [
  "installation",
  "first-workflow",
  "start-from-a-template",
  "concepts",
  "recipients-and-data",
  "many-triggers",
  "time-and-batches",
  "schedules",
  "waits-and-sources",
  "fetch-and-webhook-steps",
  "templates-and-conditions",
  "find-out-why",
  "test-workflows",
  "test-in-code",
  "validate",
  "forecast",
  "preview-and-email",
  "translations",
  "tenants-and-branding",
  "test-your-app",
  "react-feed",
  "coding-agents",
  "ci",
  "review-pull-requests",
  "remote-and-keys",
  "compare-with-the-account",
  "real-delivery",
  "many-workers",
  "scaling",
  "runbook",
  "coming-from-the-official-cli",
];

/** Pages of the reference in order, with their contents. Other pages follow by name. */
const REFERENCE = {
  commands: ["commands/README.md", "Each command with its options and an example."],
  files: ["files/README.md", "Each property of `knock.json`, `environment.json`, `workflow.json` and the other files."],
  "json-output": ["json-output.md", "The documents that `--json` prints, with a JSON Schema for each."],
  "exit-codes": ["exit-codes.md", "The meaning of each exit code."],
  liquid: ["liquid.md", "Each filter and tag of templates, with an example."],
  reasons: ["reasons.md", "Why a step did not send."],
  "environment-variables": ["environment-variables.md", "The variables that `knock` reads."],
  providers: ["providers.md", "The settings of each provider, and the requests that it sends."],
  "test-api": ["test-api.md", "The routes of `knock dev` for tests, under `/__knock/`."],
  "testing-api": ["testing-api.md", "The functions and types of `knock-cli/testing`."],
  actions: ["actions.md", "The inputs of the actions for GitHub."],
  times: ["times.md", "How long work is leased, and when requests are retried."],
  "api-coverage": ["api-coverage.md", "Each operation of the API, and whether `knock dev` serves it."],
};

/** Returns the title and the first sentence of a page. */
const summarize = (path) => readSummary(readFileSync(join(ROOT, "docs", path), "utf8"), path);

/** Returns a table of the pages of a folder. Links in sentences are removed, because they are relative to the page. */
function listPages(folder, order = []) {
  if (!existsSync(join(ROOT, "docs", folder))) return "";
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  const names = readdirSync(join(ROOT, "docs", folder))
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .map((name) => name.slice(0, -".md".length))
    .sort((left, right) => rank(left) - rank(right) || (left < right ? -1 : 1));
  return formatTable(
    ["Page", "Contents"],
    names.map((name) => {
      const { title, sentence } = summarize(`${folder}/${name}.md`);
      return [`[${title}](${folder}/${name}.md)`, sentence.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")];
    }),
  );
}

function listReference() {
  const root = join(ROOT, "docs/reference");
  const other = readdirSync(root).filter(
    (name) => name.endsWith(".md") && name !== "README.md" && !(name.slice(0, -3) in REFERENCE),
  );
  const known = Object.values(REFERENCE).filter(([path]) => existsSync(join(root, path)));
  return formatTable(
    ["Page", "Contents"],
    [...known, ...other.sort().map((name) => [name, ""])].map(([path, contents]) => {
      const { title, sentence } = summarize(`reference/${path}`);
      return [`[${title}](${path})`, contents || sentence];
    }),
  );
}

const section = (heading, ...parts) => (parts.every((part) => part === "") ? "" : joinParts(heading, ...parts));

export function buildPages() {
  return {
    "docs/README.md": `${joinParts(
      "# Documentation",
      "New here? Read [Your first workflow](guide/first-workflow.md).",
      section("## Guide", listPages("guide", GUIDE_ORDER)),
      section("## Recipes", listPages("recipes")),
      "## Reference",
      listReference().replaceAll("](", "](reference/"),
      "These pages are in [`reference/`](reference/README.md). Most are generated from the program's own definitions.",
      existsSync(join(ROOT, "docs/troubleshooting.md"))
        ? joinParts("## Troubleshooting", "[Troubleshooting](troubleshooting.md) explains each error code and its fix.")
        : "",
      "## Reliability and security",
      "[Reliability](reliability.md) says what is promised about accepted triggers, crashes, order and retries. [Security](../SECURITY.md) has the threat model, and how to report a problem.",
      "## For contributors",
      "[`ARCHITECTURE.md`](../ARCHITECTURE.md) and [`CONTRIBUTING.md`](../CONTRIBUTING.md) come first. Then follow the [walkthrough](internals/walkthrough.md). The [glossary](internals/glossary.md) has the name of every concept, the [behavior catalog](internals/catalog/README.md) lists the rules that the engine implements, and [decisions](decisions/README.md) explain the design.",
      "The guide, the recipes and the reference are part of the package. The sample projects in `fixtures/`, the tests, the screenshots, the page on reliability and the pages for contributors are only in the repository.",
    )}\n`,
    "docs/reference/README.md": `${joinParts(
      "# Reference",
      listReference(),
      "Most pages are generated from the program's own definitions with `npm run docs`.",
    )}\n`,
  };
}
