import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildVerdict } from "../../../src/features/review/build-verdict.js";
import { printReview } from "../../../src/features/review/print-review.js";
import type { ReviewReport } from "../../../src/features/review/review-report-schema.js";
import { Output } from "../../../src/output/output.js";
import { displayWidth } from "../../../src/output/print-table.js";
import { EQUAL_REPORT, SAMPLE_REPORT } from "./sample-report.js";

const GOLDEN = join(import.meta.dirname, "../../golden/review/review.txt");

interface Streams {
  isTTY?: boolean;
  env?: Record<string, string>;
  quiet?: boolean;
}

/** Returns what a report prints to standard output. */
async function printed(
  report: ReviewReport,
  { isTTY = false, env = {}, quiet = false }: Streams = {},
): Promise<string> {
  const written: string[] = [];
  const stdout = { isTTY, columns: 80, write: (text: string) => written.push(text) > 0 };
  const stderr = { isTTY: false, columns: 80, write: () => true };
  const output = await Output.open({ stdout, stderr, env } as unknown as Parameters<typeof Output.open>[0]);
  output.verbosity = { json: false, quiet, verbose: false };
  printReview(report, output);
  return written.join("");
}

describe("printReview", () => {
  it("prints the verdict, the workflows, and everything else that differs", async () => {
    const text = await printed(SAMPLE_REPORT);
    if (process.env.GOLDEN === "write") writeFileSync(GOLDEN, text);
    expect(text).toBe(readFileSync(GOLDEN, "utf8"));
  });

  it("prints one line without differences, and with --quiet", async () => {
    expect(await printed(EQUAL_REPORT)).toBe("Nothing changes.\n");
    expect(await printed(SAMPLE_REPORT, { quiet: true })).toBe(`${SAMPLE_REPORT.summary.verdict}\n`);
  });

  it("fits into the width of a terminal, in color", async () => {
    const text = await printed(SAMPLE_REPORT, { isTTY: true, env: { TERM: "xterm" } });
    expect(text).toContain("\u001b[31m- lost");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colors of the output
    const lines = text.replace(/\u001b\[\d+m/g, "").split("\n");
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([]);
  });

  it("separates thousands", async () => {
    const summary = { ...SAMPLE_REPORT.summary, lost: 12_000, recipients_lost: 1_200, gained: 0, changed: 1 };
    expect(buildVerdict(summary, 10)).toBe("1,200 recipients lose 12,000 messages and 1 message changes.");
    expect(await printed({ ...SAMPLE_REPORT, sources: [{ ...SAMPLE_REPORT.sources[0]!, triggers: 10_000 }] })).toMatch(
      /Triggers: 10,000 from\s+scenarios\./,
    );
  });

  it("escapes control characters in data", async () => {
    const [workflow] = SAMPLE_REPORT.workflows;
    const workflows = [{ ...workflow!, workflow: "a\u001b[2J\nb", changes: [] }];
    expect(await printed({ ...SAMPLE_REPORT, workflows })).toContain("a\\u001b[2J\\u000ab");
  });
});
