import { describe, expect } from "vitest";
import type { TestReport } from "../../src/scenarios/test-report.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const FOLDER = "knock/workflows/digest";
const FEED = `Hi,
{% if data.total > 3 and data.ready %}many{% elsif data.total == 1 %}one{% else %}few{% endif %}
{% case data.plan %}{% when "pro", "team" %}paid{% when "free" %}free{% endcase %}
`;
const step = {
  ref: "feed_1",
  type: "channel",
  channel_key: "in-app-feed",
  template: { "markdown_body@": "feed.md", action_url: '"{% unless data.url %}/{% endunless %}' },
};

/** Writes the workflow with a scenario that triggers it with each row, and compares the whole messages. */
function writeDigest(project: Sample, rows: string[]): void {
  project.write(`${FOLDER}/workflow.json`, { name: "Digest", steps: [step] });
  project.write(`${FOLDER}/feed.md`, FEED);
  const notify = (row: string) => `      - notify: { recipients: [grace], data: ${row} }
        expect: { messages: [{ snapshot: true }] }`;
  const scenarios = rows.map((row, at) => `  row ${at}:\n    steps:\n${notify(row)}`);
  project.write(`${FOLDER}/digest.test.yaml`, `workflow: digest\nscenarios:\n${scenarios.join("\n")}\n`);
}

async function run(project: Sample, flag: string): Promise<TestReport> {
  return (await project.knock(["test", "digest", flag, "--json"])).json as unknown as TestReport;
}

const format = (parts: readonly { text: string; file: string | null; line: number | null; column: number | null }[]) =>
  parts.filter(({ file }) => file !== null).map(({ text, file, line, column }) => `${text} ${file}:${line}:${column}`);

describe.concurrent("conditions of templates", () => {
  it("have two cases each in the coverage, with their places", async ({ collab }) => {
    writeDigest(collab, ["{ total: 5, ready: true, plan: pro }", "{ total: 1, plan: pro }"]);
    const before = collab.read(`${FOLDER}/workflow.json`).split("data.url")[0]?.split("\n") ?? [];
    const position = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    const { coverage, summary } = await run(collab, "--coverage");
    expect(summary).toMatchObject({ passed: 2, failed: 0 });
    expect(coverage?.total.conditions).toEqual({ covered: 6, total: 10, percent: 60 });
    expect(format(coverage?.workflows[0]?.missing ?? [])).toEqual([
      `data.total == 1 is never false ${FOLDER}/feed.md:2:52`,
      `data.plan when "pro", "team" is never false ${FOLDER}/feed.md:3:29`,
      `data.plan when "free" is never true ${FOLDER}/feed.md:3:57`,
      `data.url is never true ${FOLDER}/workflow.json:${position}`,
    ]);
    const { stdout } = await collab.knock(["test", "digest", "--coverage", "--quiet"]);
    expect(stdout).toContain(`  feed_1: data.total == 1 is never false  ${FOLDER}/feed.md:2:52\n`);
  });

  it("are changed by --mutate, which reports each change that no scenario notices", async ({ collab }) => {
    const rows = ["{ total: 5, ready: true, plan: pro }", "{ total: 1, plan: free, url: /x }", "{ total: 2 }"];
    writeDigest(collab, rows);
    const survivors = async () => format((await run(collab, "--mutate")).mutation?.survivors ?? []);
    expect(await survivors()).toEqual([
      `data.total > 3 and data.ready becomes data.total > 2 and data.ready ${FOLDER}/feed.md:2:7`,
      `data.total > 3 and data.ready becomes data.total > 4 and data.ready ${FOLDER}/feed.md:2:7`,
      `data.total > 3 and data.ready becomes data.total > 3 or data.ready ${FOLDER}/feed.md:2:7`,
    ]);
    const { stdout } = await collab.knock(["test", "digest", "--mutate"]);
    const advice = [...stdout.matchAll(/^ {4}(expect .*)$/gm)].map(([, text]) => text);
    expect(advice).toEqual([
      "expect `excludes: …` when data.total is 3",
      "expect `contains: …` when data.total is 4",
      "expect `excludes: …` when one side of `and` is true and the other is false",
    ]);
    writeDigest(collab, [...rows, "{ total: 3, ready: true }", "{ total: 4, ready: true }", "{ total: 4 }"]);
    expect(await survivors()).toEqual([]);
  });
});
