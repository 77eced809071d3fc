import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest } from "./run-in-process.js";
import type { CommandResult, RunOptions, Sample } from "./run-knock.js";
import { startTriggerApi, type TriggerApi } from "./trigger-api.js";

const KEY = "sk_test_0123456789abcdefghij";
export const TRIGGER_FILE = "triggers.jsonl";
export const TRIGGER_JOURNAL = `${TRIGGER_FILE}.journal`;

/** A test with a stub of the API that accepts triggers. */
export const bulkTest = inProcessTest.extend<{ api: TriggerApi }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest requires a destructured parameter.
  api: async ({}, use) => {
    const api = await startTriggerApi();
    await use(api);
    await api.close();
  },
});

/** Returns a line that invites one recipient. */
export const formatInvite = (recipient: string): string => JSON.stringify({ key: "invite", recipients: [recipient] });

/** Triggers a file on the remote target. */
export function notifyFile(
  sample: Sample,
  api: TriggerApi,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<CommandResult> {
  const env = { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: api.url, ...options.env };
  const file = args.includes("--file") ? [] : ["--file", TRIGGER_FILE];
  return sample.knock(["notify", ...file, "--remote", ...args], { ...options, env });
}

export function writeLines(sample: Sample, lines: readonly string[]): void {
  sample.write(TRIGGER_FILE, `${lines.join("\n")}\n`);
}

/** Returns the first recipient of each accepted trigger. */
export const readRecipients = (api: TriggerApi): unknown[] =>
  [...api.accepted.values()].map(({ body }) => (body.recipients as unknown[])[0]);

export const readDocuments = (sample: Sample, path: string): JsonObject[] =>
  readFileSync(join(sample.dir, path), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
