import { describe, expect } from "vitest";
import { FEED, initHello } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

/** A limit that only quadratic time exceeds. */
const LIMIT = { timeout: 30_000 };

describe("a template with many variables takes linear time", () => {
  it.for([
    ["declared variables", "{{ data.from }}", 60_000, 0],
    ["declared variables between texts", "a {{ data.from }}\n", 50_000, 0],
    ["misspelled variables", "{{ recipient.nmae }}\n", 20_000, 20_000],
  ] as const)("in knock validate: %s", LIMIT, async ([, text, count, warnings], { empty }) => {
    const hello = await initHello(empty);
    hello.write(FEED, text.repeat(count));
    const { json } = await hello.knock(["validate", "--json"]);
    expect(json.summary).toMatchObject({ errors: 0, warnings });
  });

  it("in knock validate: misspelled variables in the workflow's file", LIMIT, async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow(({ steps }) => {
      Object.assign(steps[0] ?? {}, { template: { markdown_body: "{{ recipient.nmae }}\n".repeat(20_000) } });
    });
    const findings = await hello.validate();
    expect(findings[0]).toMatchObject({ code: "undefined_variable", pointer: "/steps/0/template/markdown_body" });
    expect(findings.length).toBe(20_000);
  });

  it("in knock notify, which lists at most ten", LIMIT, async ({ empty }) => {
    const hello = await initHello(empty);
    // Nothing is rendered before the delay, because a busy machine might need longer than the time limit of a template.
    hello.addStep("delay", { delay_for: { unit: "days", value: 1 } });
    hello.write(FEED, "{{ data.from }}".repeat(20_000));
    expect((await hello.knock(["notify", "hello", "-r", "ada", "--set", "from=Grace"])).exitCode).toBe(0);
    hello.write(FEED, "{{ recipient.nmae }}\n".repeat(20_000));
    const { stderr } = await hello.knock(["notify", "hello", "-r", "ada"]);
    expect(stderr).toContain(`${FEED}:10:4: recipient.nmae`);
    expect(stderr).toContain("; and 19990 more");
    expect(stderr).not.toContain(`${FEED}:11:4: recipient.nmae`);
  });
});
