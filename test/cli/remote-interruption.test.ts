import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { runInProcess } from "../helpers/run-in-process.js";
import { type CommandInvocation, createSampleTest, type Sample } from "../helpers/run-knock.js";
import { respondWithError, startTriggerApi, type TriggerApi } from "../helpers/trigger-api.js";

const KEY = "sk_test_0123456789abcdefghij";
const FILE = "triggers.jsonl";

interface Interruption {
  api: TriggerApi;
  /** Interrupts the command that runs. */
  interrupt: () => void;
}

let interruption = new AbortController();
const run = (invocation: CommandInvocation) => runInProcess({ ...invocation, signal: interruption.signal });

const it = createSampleTest(run).extend<Interruption>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest requires a destructured parameter.
  api: async ({}, use) => {
    interruption = new AbortController();
    const api = await startTriggerApi();
    await use(api);
    await api.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: Vitest requires a destructured parameter.
  interrupt: async ({}, use) => use(() => interruption.abort()),
});

const knock = (sample: Sample, api: TriggerApi, args: readonly string[]) =>
  sample.knock([...args, "--remote"], { env: { KNOCK_API_KEY: KEY, KNOCK_BASE_URL: api.url } });

const hang = (): boolean => true;

describe("an interruption", () => {
  it.for([
    ["notify", ["notify", "welcome", "-r", "grace", "--no-validate"]],
    ["users list", ["users", "list"]],
    ["users set", ["users", "set", "ada", "--set", "name=Ada"]],
  ] as const)("ends %s while the API does not respond", async ([, args], { collab, api, interrupt }) => {
    api.intercept = hang;
    const ended = knock(collab, api, args);
    await eventually(() => api.received.length === 1);
    interrupt();
    const { stderr, exitCode } = await ended;
    expect({ stderr: stderr.split("\n")[0], exitCode }).toEqual({ stderr: "error: interrupted", exitCode: 130 });
  });

  it("ends the wait before a retry", async ({ collab, api, interrupt }) => {
    api.intercept = (_, response) => respondWithError(response, 503, { "retry-after": "50" });
    const ended = knock(collab, api, ["notify", "welcome", "-r", "grace", "--no-validate"]);
    await eventually(() => api.received.length === 1);
    interrupt();
    expect(await ended).toMatchObject({ exitCode: 130, stderr: expect.stringContaining("error: interrupted") });
  });
});

describe("an interruption of a file of triggers", () => {
  const invite = (recipient: string): string => JSON.stringify({ key: "invite", recipients: [recipient] });

  it("stops the requests, and --resume repeats them with the same keys", async ({ collab, api, interrupt }) => {
    const names = ["ada", "grace", "lin"];
    collab.write(FILE, names.map(invite).join("\n"));
    api.intercept = ({ body }) => (body.recipients as string[])[0] !== "ada";
    const ended = knock(collab, api, ["notify", "--file", FILE]);
    await eventually(() => api.received.length === 3 && api.accepted.size === 1);
    interrupt();
    expect((await ended).stderr).toBe(
      `interrupted in ${FILE} after line 1: 1 line triggered, 2 lines interrupted (the API may have triggered them); run the command again with --resume to continue`,
    );
    const journal = readFileSync(join(collab.dir, `${FILE}.journal`), "utf8")
      .trimEnd()
      .split("\n");
    expect(journal.slice(1).map((line) => JSON.parse(line))).toMatchObject([{ line: 1, status: "triggered" }]);
    const lost = api.received.filter(({ body }) => (body.recipients as string[])[0] !== "ada");
    api.intercept = () => false;
    const resumed = await resume(collab, api);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expect(api.accepted.size).toBe(3);
    for (const { key } of lost) expect([...api.accepted.keys()]).toContain(key);
  });

  it("keeps the journal if only the first line was sent", async ({ collab, api, interrupt }) => {
    collab.write(FILE, invite("ada"));
    api.intercept = hang;
    const ended = knock(collab, api, ["notify", "--file", FILE]);
    await eventually(() => api.received.length === 1);
    interrupt();
    expect((await ended).stderr).toContain("0 lines triggered, 1 line interrupted (the API may have triggered it)");
    expect(existsSync(join(collab.dir, `${FILE}.journal`))).toBe(true);
  });
});

function resume(collab: Sample, api: TriggerApi) {
  interruption = new AbortController();
  return knock(collab, api, ["notify", "--file", FILE, "--resume"]);
}
