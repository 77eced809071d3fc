import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileQueue } from "../../../src/features/test/file-queue.js";
import { TestThreads } from "../../../src/features/test/test-threads.js";
import type { TestWorkerMessage } from "../../../src/features/test/test-worker.js";
import { findProject } from "../../../src/project/find-project.js";
import type { FileOutcome, SelectedFile } from "../../../src/scenarios/run-file.js";
import type { TestOptions } from "../../../src/scenarios/test-options.js";
import { BIN, createSample, type Sample } from "../../helpers/run-knock.js";

const OPTIONS: TestOptions = {
  paths: [],
  filter: null,
  bail: false,
  snapshots: "compare",
  seed: "knock",
  timeoutMs: 10_000,
  repeat: 1,
  shard: null,
  changedSince: null,
  workers: null,
  emails: null,
  recordsReached: true,
  recordsDetails: false,
  coverage: null,
  mutate: false,
};

const formatFile = (message: string): string => `workflow: new-comment
scenarios:
  sends one message:
    steps:
      - notify: { recipients: [grace], data: { page: Home } }
        expect: { messages: [{ to: grace, channel: ${message}, count: 1 }] }
`;

describe("threads of knock test", () => {
  let sample: Sample;
  beforeAll(() => {
    sample = createSample("collab");
    for (const [name, message] of Object.entries({ passes: "in-app", fails: "email", "passes-too": "in-app" }))
      sample.write(`scenarios/${name}.test.yaml`, formatFile(message));
  });
  afterAll(() => sample.remove());

  const listFiles = (names: readonly string[]): SelectedFile[] =>
    names.map((name, index) => ({
      path: sample.path(`scenarios/${name}.test.yaml`),
      displayPath: `scenarios/${name}.test.yaml`,
      index,
      workflows: null,
    }));

  /** Runs files in other threads only. */
  async function runInThreads(
    names: readonly string[],
    options: TestOptions = OPTIONS,
  ): Promise<Map<string, FileOutcome | null>> {
    const location = await findProject({ cwd: sample.dir, project: null, knockDir: null });
    if (location === null) throw new Error("no project");
    const files = listFiles(names);
    const queue = new FileQueue(files);
    const outcomes = new Map<string, FileOutcome | null>();
    const onMessage = (message: TestWorkerMessage): void => {
      if ("outcome" in message) outcomes.set(message.file.displayPath, message.outcome);
    };
    const threads = new TestThreads({ threadFile: BIN, maxThreads: 2, startAfterMs: 0, onMessage });
    try {
      await threads.startIfUseful(queue.countRemaining(), () => ({
        location,
        cwd: sample.dir,
        options,
        changed: null,
        files,
        queue: queue.memory,
      }));
      await threads.wait();
    } finally {
      await threads.stop();
    }
    return outcomes;
  }

  it("run every file once, and send outcomes with positions and reached steps", async () => {
    const outcomes = await runInThreads(["passes", "fails", "passes-too"]);
    expect([...outcomes.keys()].sort()).toEqual([
      "scenarios/fails.test.yaml",
      "scenarios/passes-too.test.yaml",
      "scenarios/passes.test.yaml",
    ]);
    expect(outcomes.get("scenarios/passes.test.yaml")?.passed).toEqual([
      { name: "sends one message", workflows: ["new-comment"] },
    ]);
    expect(outcomes.get("scenarios/passes.test.yaml")?.reached).not.toEqual([]);
    expect(outcomes.get("scenarios/fails.test.yaml")?.reported.scenarios).toMatchObject([
      { status: "failed", failures: [{ line: 6, expected: expect.anything() }] },
    ]);
  });

  it("stop after a failure with --bail", async () => {
    const outcomes = await runInThreads(["fails", "passes", "passes-too"], { ...OPTIONS, bail: true });
    expect([...outcomes.keys()]).toEqual(["scenarios/fails.test.yaml"]);
  });

  it("are not started for a single file, or by --workers 1", async () => {
    const unused = (): never => {
      throw new Error("started");
    };
    const options = { threadFile: BIN, startAfterMs: 0, onMessage: unused };
    await new TestThreads({ ...options, maxThreads: 8 }).startIfUseful(1, unused);
    await new TestThreads({ ...options, maxThreads: 1 }).startIfUseful(9, unused);
  });
});
