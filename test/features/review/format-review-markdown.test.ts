import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as cheerio from "cheerio";
import MarkdownIt from "markdown-it";
import { describe, expect, it } from "vitest";
import { KEEP_DATA, PersonalDataFilter } from "../../../src/comparison/personal-data-filter.js";
import { formatReviewMarkdown } from "../../../src/features/review/format-review-markdown.js";
import type { ReviewReport } from "../../../src/features/review/review-report-schema.js";
import { EQUAL_REPORT, SAMPLE_REPORT } from "./sample-report.js";

const GOLDEN = join(import.meta.dirname, "../../golden/review/review.md");
const ARTIFACT = "https://github.com/teapot/shop/actions/runs/1/artifacts/2";
const PEOPLE = ["jonas", "aki", "maria", "li", "sam", "noor", "eve"];

const filter = new PersonalDataFilter(
  PEOPLE.map((text) => ({ kind: "id" as const, text })),
  Buffer.from("a fixed key"),
);

const format = (report: ReviewReport, maxLength = 65_000): string =>
  formatReviewMarkdown(report, { filter, artifactUrl: ARTIFACT, maxLength });

/** Names that try to be markup, mentions, links and references of GitHub and GitLab, or commands of GitLab. */
const HOSTILE = [
  "@octocat",
  "@octo-org/everyone",
  "hello @octocat.",
  "[click](https://evil.test)",
  "![x](https://evil.test/x.png)",
  "https://evil.test/path",
  "www.evil.test",
  "<https://evil.test>",
  "someone@evil.test",
  "mailto:someone@evil.test",
  "[ref]: https://evil.test",
  "#1",
  "octo/repo#1",
  "GH-1",
  "5c1f9e2ab47d3806e1f0a9b8c7d6e5f403122110",
  "deadbeef",
  "!1",
  "&1",
  "%1",
  "~label",
  "$1 and $2",
  "/close",
  "\n/merge\n/approve",
  "<script>alert(1)</script>",
  "<img src=https://evil.test/x.png>",
  "<a href='https://evil.test'>x</a>",
  "</summary></details><h1>x</h1>",
  "</code></pre><b>x</b>",
  "<!-- knock-review -->",
  "` @octocat `",
  "``` \n@octocat\n```",
  "a|b|@octocat|",
  "a\\|@octocat\\\\|b",
  "**bold** _it_ ~~no~~",
  "# Heading\n\n- list",
  "1. first",
  ":tada:",
  "\u202egnp.evil\u202c",
  "\u200f@octocat\u200b",
  "\u001b[31mred\u0007",
  "line\u2028separator",
  "a\ud800b",
  "",
  " ",
];

/** The sample with one example of each difference, which is enough to place a text everywhere. */
const SMALL_REPORT: ReviewReport = {
  ...SAMPLE_REPORT,
  workflows: SAMPLE_REPORT.workflows.map((workflow) => ({
    ...workflow,
    differences: workflow.differences.map((difference) => ({
      ...difference,
      examples: difference.examples.slice(0, 1).map((example) => ({ ...example, fields: example.fields.slice(0, 1) })),
    })),
  })),
};

/** Returns a report with a text in place of each name and text that data or files decide. */
function buildHostileReport(text: string): ReviewReport {
  const kept = ["kind", "state", "side", "status", "severity", "unit", "at", "commit"];
  const replace = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => replace(item, key));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, replace(child, name)]));
    // The statuses of scenarios and the amounts of prices have the same names as the texts of fields.
    const isWord = (key === "before" || key === "after") && /^[a-z\d.]+$/.test(String(value));
    return typeof value !== "string" || kept.includes(key) || isWord ? value : text;
  };
  return replace(SMALL_REPORT, "") as ReviewReport;
}

const OWN_ELEMENTS = ["h3", "blockquote", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details"];
const ALL_OWN_ELEMENTS = [...OWN_ELEMENTS, "summary", "sub", "code", "pre", "strong", "em", "a"];

/** The commits of the sample, which code hosts link on purpose, and the name of a warning. */
const OWN_TEXTS = /\[!WARNING\]|\b5c1f9e2ab4\b|\b71b26708d9\b/g;
const renderer = new MarkdownIt({ html: true, linkify: true });

/** Returns everything in rendered Markdown that is not one of our own elements and texts. */
function findIntruders(markdown: string): string[] {
  const $ = cheerio.load(renderer.render(markdown), null, false);
  const elements = $("*").toArray();
  const intruders = elements
    .flatMap((element) => ("name" in element ? [element.name] : []))
    .filter((name) => !ALL_OWN_ELEMENTS.includes(name));
  const targets = $("a")
    .toArray()
    .map((link) => $(link).attr("href") ?? "");
  intruders.push(...targets.filter((target) => target !== ARTIFACT));
  const attributes = elements.flatMap((element) => Object.keys("attribs" in element ? element.attribs : {}));
  intruders.push(...attributes.filter((name) => !["href", "style", "class"].includes(name)));
  // Code hosts look for mentions and references in all texts except code.
  $("code, pre, a").remove();
  const text = $.root().text().replaceAll(OWN_TEXTS, "");
  intruders.push(...(text.match(/[^\p{L}\p{N}\s.,:;!?()"'“”‘’…→–—·×%_+-]|[!%]\d|\b[0-9a-f]{7,}\b|\w-\d/giu) ?? []));
  return intruders;
}

const SECTIONS = 11;

describe("formatReviewMarkdown", () => {
  it("writes the verdict, a warning, a table, and folded details", () => {
    const markdown = format(SAMPLE_REPORT);
    if (process.env.GOLDEN === "write") writeFileSync(GOLDEN, markdown);
    expect(markdown).toBe(readFileSync(GOLDEN, "utf8"));
    for (const name of PEOPLE) expect(markdown).not.toMatch(new RegExp(`\\b${name}\\b`));
  });

  it("writes the verdict and the commits without differences", () => {
    expect(format(EQUAL_REPORT)).toBe(
      "### Nothing changes\n\n<sub>knock review of `apps/shop`, environment `staging`: the working tree (5c1f9e2ab4) compared with `origin/main` (71b26708d9). Triggers: 14 from scenarios, 120 from `payloads/orders.jsonl`.</sub>\n",
    );
  });

  it("shows hostile names and texts as text", () => {
    const problems = HOSTILE.flatMap((text) => {
      const report = buildHostileReport(text);
      const markdown = formatReviewMarkdown(report, { filter: KEEP_DATA, artifactUrl: ARTIFACT, maxLength: 65_000 });
      const found = [
        ...findIntruders(markdown),
        ...(markdown.replaceAll("\n", "").match(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Cf}]/gu) ?? []),
        // GitLab performs commands at the start of a line.
        ...(markdown.match(/^\/.*/gm) ?? []),
        ...(markdown.match(/<details>/g)?.length === SECTIONS ? [] : ["another number of sections"]),
      ];
      return found.length === 0 ? [] : [[text, found]];
    });
    expect(problems).toEqual([]);
  });

  it("ignores an artifact that is no web page", () => {
    for (const artifactUrl of ["javascript:alert(1)", "not a URL"])
      expect(formatReviewMarkdown(SAMPLE_REPORT, { filter, artifactUrl, maxLength: 65_000 })).not.toContain("](");
  });

  it("cuts the least important parts first, and says so", () => {
    const [shipped, ...others] = SAMPLE_REPORT.workflows;
    const changed = shipped!.differences[2]!;
    const examples = changed.examples.map((example, index) => ({
      ...example,
      fields: [{ field: "text_body", before: `${index}`, after: `${"long ".repeat(35)}\n`.repeat(15) + index }],
    }));
    const differences = [...shipped!.differences.slice(0, 2), { ...changed, examples }];
    const report = { ...SAMPLE_REPORT, workflows: [{ ...shipped!, differences }, ...others] };
    const complete = format(report, 100_000);
    const table = "| `order-shipped` | **5** |  | **7** |";
    expect(complete).not.toContain("Left out");
    const notes = [600, 5_600, 6_500, 7_200, 8_000, 11_000].map((excess) => {
      const comment = format(report, complete.length - excess);
      expect(comment.length).toBeLessThanOrEqual(complete.length - excess);
      expect(comment).toContain("### 4 recipients lose 5 messages");
      expect(comment).toContain("[!WARNING]");
      expect(comment).toContain(table);
      expect(comment.match(/<details>/g)?.length ?? 0).toBe(comment.match(/<\/details>/g)?.length ?? 0);
      return /_The comment was too long. Left out: (.*)\._/.exec(comment)?.[1];
    });
    const least = "fixed findings (1), other files (2), channels (4), notes (1)";
    const less =
      "scenarios (2), findings (2), fixed findings (1), other files (2), rejected triggers (2), channels (4), notes (1)";
    const more = `gained messages (1), changed steps and templates (1), ${less}`;
    expect(notes).toEqual([
      "further examples (1)",
      `further examples (2), ${least}`,
      `further examples (2), ${less}`,
      `further examples (2), ${more}`,
      `changed messages (2), further examples (2), ${more}`,
      `lost messages (1), changed messages (2), further examples (2), ${more}`,
    ]);
  });

  it("shows ten workflows and the number of others", () => {
    const [shipped] = SAMPLE_REPORT.workflows;
    const workflows = Array.from({ length: 13 }, (_, index) => ({ ...shipped!, workflow: `order-${index}` }));
    const markdown = format({ ...SAMPLE_REPORT, workflows });
    expect(markdown.match(/^\| `order-/gm)).toHaveLength(10);
    expect(markdown).toContain("3 more workflows");
  });
});
