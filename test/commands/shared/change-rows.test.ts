import { describe, expect, it } from "vitest";
import { changeRows, type RowChange } from "../../../src/commands/shared/change-rows.js";
import type { CommandContext } from "../../../src/context/command-context.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { Output } from "../../../src/output/output.js";
import type { Operations } from "../../../src/ports/operations.js";

/** Runs a change of rows, and returns its document, its exit code and the texts of its progress. */
async function run(ids: readonly string[], change: Partial<RowChange<string>>, controller = new AbortController()) {
  const printed: string[] = [];
  const output = await Output.open({
    stdout: { write: (text: string) => printed.push(text) > 0 },
    stderr: { write: () => true },
    env: {},
  });
  output.verbosity = { json: true, quiet: false, verbose: false };
  const texts: string[] = [];
  output.showProgress = (_text, work) => work((text) => texts.push(text));
  let exitCode = 0;
  const context = { output, signal: controller.signal, setExitCode: (code: number) => (exitCode = code) };
  const words = { noun: "user", verb: "set", progress: "setting users" };
  const all = { words, getId: (id: string) => id, changeOne: async () => {}, ...change };
  await changeRows(ids, all, { target: "remote" } as Operations, context as unknown as CommandContext);
  return { document: JSON.parse(printed.join("")) as unknown, exitCode, texts };
}

const LIST = Array.from({ length: 2_500 }, (_, index) => `u${index}`);

describe("changeRows", () => {
  it("A-108 changes 1,000 rows at a time, and shows the progress", async () => {
    const sizes: number[] = [];
    const { document, texts } = await run(LIST, {
      async changeMany(rows, { onProgress }) {
        sizes.push(rows.length);
        onProgress(rows.length / 2);
        return [];
      },
    });
    expect(sizes).toEqual([1_000, 1_000, 500]);
    expect(texts).toEqual([500, 1_500, 2_250].map((done) => `setting users: ${done} of 2500`));
    expect(document).toEqual({ total: 2_500, succeeded: 2_500, failed: [], remaining: 0 });
  });

  it("reports the rows that an interruption prevented", async () => {
    for (const isBetweenChunks of [true, false]) {
      const controller = new AbortController();
      const changeMany = async (rows: readonly string[]) => {
        if (rows[0] === "u0") return [];
        controller.abort();
        if (isBetweenChunks) return [];
        throw new KnockError("interrupted", "interrupted");
      };
      const { document } = await run(LIST, { changeMany }, controller);
      const succeeded = isBetweenChunks ? 2_000 : 1_000;
      expect(document).toEqual({ total: 2_500, succeeded, failed: [], remaining: 2_500 - succeeded });
    }
    const controller = new AbortController();
    const changeOne = async (id: string) => id === "u2" && controller.abort();
    const { document } = await run(LIST, { changeOne }, controller);
    expect(document).toMatchObject({ succeeded: 3, remaining: 2_497 });
  });

  it("can be interrupted by a signal if no change waits for I/O", async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const { remaining } = (await run(LIST, {}, controller)).document as { remaining: number };
    expect(remaining).toBeGreaterThan(0);
  });

  it("exits with 9 for some failed rows, and with 1 if all failed", async () => {
    const changeOne = async (id: string) => {
      if (id !== "ok") throw new KnockError("invalid_params", `${id} is wrong`);
    };
    const failed = [{ id: "bad", code: "invalid_params", message: "bad is wrong" }];
    expect(await run(["ok", "bad"], { changeOne })).toMatchObject({ exitCode: 9, document: { succeeded: 1, failed } });
    expect(await run(["bad"], { changeOne })).toMatchObject({ exitCode: 1, document: { succeeded: 0, failed } });
    expect(await run(["ok"], { changeOne })).toMatchObject({ exitCode: 0 });
  });

  it("ends with an error that every row would have, and reports the changed rows", async () => {
    const changeOne = async (id: string) => {
      if (id === "u2") throw new KnockError("authentication", "No", { hint: "Check the key." });
      if (id === "u1") throw new KnockError("resource_missing", "no u1");
    };
    await expect(run(LIST, { changeOne })).rejects.toMatchObject({
      code: "authentication",
      hint: "Before this error, 1 of 2500 users were set, and 1 failed. Check the key.",
    });
    const bug = new TypeError("a bug");
    await expect(run(LIST, { changeOne: () => Promise.reject(bug) })).rejects.toBe(bug);
  });
});
