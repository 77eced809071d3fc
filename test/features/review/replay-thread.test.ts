import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { parseTimedTrigger } from "../../../src/comparison/parse-timed-trigger.js";
import { openFileSource, type ReplaySource } from "../../../src/comparison/trigger-sources.js";
import { ReplayThread, startReplayThread } from "../../../src/features/review/replay-thread.js";
import { findProject } from "../../../src/project/find-project.js";
import { openProject } from "../../../src/project/open-project.js";
import { SUPERVISED } from "../../../src/util/time-limit.js";
import { BIN, createSample, type Sample } from "../../helpers/run-knock.js";

let sample: Sample;
let thread: ReplayThread | null = null;
afterEach(async () => {
  await thread?.stop();
  sample?.remove();
});

const ALL = { range: { since: null, until: null, workflows: [] }, last: null };

function createSource(...triggers: readonly [key: string, at: string][]): ReplaySource {
  const parse = ([key, at]: [string, string], index: number) =>
    parseTimedTrigger({ key, at, recipients: ["grace"], data: { page: "Home" } }, `month.jsonl:${index + 1}`);
  return openFileSource("month.jsonl", triggers.map(parse as never), ALL);
}

async function start(source: ReplaySource, minTriggers?: number, threadFile: string | null = BIN) {
  sample = createSample("collab");
  const location = await findProject({ cwd: sample.dir, project: null, knockDir: null });
  if (location === null) throw new Error("no project");
  const side = { project: openProject(location, sample.dir), cwd: sample.dir };
  thread = await startReplayThread(side, source, { threadFile, cwd: sample.dir }, minTriggers);
  return thread;
}

function wait(signal = new AbortController().signal) {
  return (thread as ReplayThread).wait({ io: { signal }, warn: () => {}, setProgress: () => {} });
}

describe("a thread that replays triggers for knock review", () => {
  it("returns the messages, runs and rejected triggers, without contents that are not compared", async () => {
    const source = createSource(["new-comment", "2026-03-02T09:00:00Z"], ["missing", "2026-03-02T10:00:00Z"]);
    await start({ ...source, countedWorkflows: new Set(["new-comment"]) }, 1);
    const ran = await wait();
    expect(ran?.messages[0]).toMatchObject({
      trigger: "month.jsonl:1",
      workflow: "new-comment",
      recipient: "grace",
      at: Date.parse("2026-03-02T09:00:00Z"),
      content: {},
    });
    expect(ran?.runs).toMatchObject([{ trigger: "month.jsonl:1", recipient: "$users/grace" }]);
    expect(ran?.rejected).toMatchObject([{ trigger: "month.jsonl:2", workflow: "missing", code: "workflow_missing" }]);
  });

  it("is not started for few triggers, or without a build", async () => {
    const source = createSource(["new-comment", "2026-03-02T09:00:00Z"]);
    expect(await start(source)).toBeNull();
    sample.remove();
    expect(await start(source, 1, null)).toBeNull();
  });

  it.each<[string, string]>([
    ["fails", "throw new Error('broken')"],
    ["ends early", "process.exit()"],
    ["exceeds the limit of its work", "for (;;);"],
  ])("returns nothing if it %s", async (_what, text) => {
    const shared = new Int32Array(new SharedArrayBuffer(SUPERVISED.size * Int32Array.BYTES_PER_ELEMENT));
    shared[SUPERVISED.turns] = 1;
    shared[SUPERVISED.limitMs] = 1;
    thread = new ReplayThread(new Worker(text, { eval: true }), shared);
    expect(await wait()).toBeNull();
  });

  it("ends when the command is interrupted", async () => {
    const shared = new Int32Array(new SharedArrayBuffer(SUPERVISED.size * Int32Array.BYTES_PER_ELEMENT));
    thread = new ReplayThread(new Worker("for (;;);", { eval: true }), shared);
    expect(await wait(AbortSignal.abort())).toBeNull();
  });
});
