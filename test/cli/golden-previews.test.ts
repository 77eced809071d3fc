import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const GOLDEN = join(import.meta.dirname, "../golden");

/** Compares the preview of a workflow's steps with a file of `test/golden`; `GOLDEN=write` writes it. */
async function expectGolden(sample: Sample, workflow: string): Promise<void> {
  const args = ["preview", workflow, "--all", "--file", `payloads/${workflow}.json`];
  const { stdout, stderr } = await sample.knock(args);
  expect(stderr).toBe("");
  const file = join(GOLDEN, `${workflow}.preview.txt`);
  if (process.env.GOLDEN === "write") writeFileSync(file, `${stdout}\n`);
  expect(`${stdout}\n`).toBe(readFileSync(file, "utf8"));
}

describe.concurrent("previews of the samples", () => {
  it("show in-app feed, SMS, push and chat", async ({ ops }) => expectGolden(ops, "incident"));
  it("show a webhook, and a channel that is not configured", async ({ ops }) => expectGolden(ops, "incident-closed"));
  it("show in-app feed and email", async ({ collab }) => expectGolden(collab, "new-comment"));
});
