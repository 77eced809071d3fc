import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const GOLDEN = join(import.meta.dirname, "../golden");

/** What a workflow's steps look like, against a file of `test/golden`; `GOLDEN=write` writes it. */
async function expectGolden(sample: Sample, workflow: string): Promise<void> {
  const args = ["preview", workflow, "--all", "--file", `payloads/${workflow}.json`];
  const { stdout, stderr } = await sample.knock(args);
  expect(stderr).toBe("");
  const file = join(GOLDEN, `${workflow}.preview.txt`);
  if (process.env.GOLDEN === "write") writeFileSync(file, `${stdout}\n`);
  expect(`${stdout}\n`).toBe(readFileSync(file, "utf8"));
}

describe.concurrent("every channel type of the samples", () => {
  it("in-app feed, SMS, push and chat", async ({ ops }) => expectGolden(ops, "incident"));
  it("webhook, and a channel that is not configured", async ({ ops }) => expectGolden(ops, "incident-closed"));
  it("in-app feed and e-mail", async ({ collab }) => expectGolden(collab, "new-comment"));
});
