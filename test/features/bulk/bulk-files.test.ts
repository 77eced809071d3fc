import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { createBulkFiles } from "../../../src/features/bulk/bulk-files.js";
import type { JournalHeader } from "../../../src/features/bulk/trigger-journal.js";
import { getProcessIdentity } from "../../../src/util/process-identity.js";
import { inProcessTest as it } from "../../helpers/run-in-process.js";

const HEADER: JournalHeader = {
  knock_journal: 1,
  input: "triggers.jsonl",
  size: 0,
  sha256: "",
  seed: "",
  target: "remote",
  base_url: null,
  branch: null,
  workflow: null,
  overrides: "",
  started_at: "2026-12-01T00:00:00Z",
};

it("a line that the journal records has its result in the file of results", ({ collab }) => {
  const service = createBulkFiles({ cwd: collab.dir, signal: new AbortController().signal });
  const journal = service.createJournal("j.jsonl", HEADER, service.lockJournal("j.jsonl"));
  const { file: results } = service.openResults("r.jsonl", null);
  journal.writeAfter(results);
  const countLines = (path: string): number => readFileSync(join(collab.dir, path), "utf8").split("\n").length - 1;
  for (let line = 1; line <= 5_000; line++) {
    results.append({ line });
    journal.append({ line, status: "triggered", workflow_run_ids: [] });
    // The first line of the journal is its header.
    expect(countLines("r.jsonl")).toBeGreaterThanOrEqual(countLines("j.jsonl") - 1);
  }
  expect(countLines("j.jsonl")).toBeGreaterThan(1);
  results.close();
  journal.close();
});

const open = (cwd: string) => createBulkFiles({ cwd, signal: new AbortController().signal });
const toText = (documents: object[]): string => documents.map((document) => `${JSON.stringify(document)}\n`).join("");

describe("the file of results", () => {
  const outcome = (line: number, size = 10) => ({ line, outcome: { text: "x".repeat(size) } });
  const error = (line: number) => ({ line, error: { code: "conflict" } });
  const triggered = (line: number) => ({ line, status: "triggered", workflow_run_ids: [] });

  it.for<[name: string, journal: object[], results: object[], kept: number]>([
    ["nothing if the journal records all", [triggered(1), triggered(2)], [outcome(1), outcome(2)], 2],
    ["the results at its end", [triggered(1)], [outcome(1), outcome(2), error(3)], 1],
    ["large results", [triggered(1)], [outcome(1, 200_000), outcome(2, 300_000), outcome(3, 70_000)], 1],
    ["all of thousands", [], Array.from({ length: 5_000 }, (_, index) => outcome(index + 1)), 0],
    ["both parts of a line", [triggered(1)], [outcome(1), outcome(2), outcome(2)], 1],
    [
      "the result of a failed line that is triggered again",
      [{ line: 1, status: "failed", workflow_run_ids: [] }],
      [error(1), outcome(1)],
      1,
    ],
    ["no other documents", [triggered(1)], [outcome(1), { total: 5 }, outcome(2)], 2],
  ])("loses %s when its run is resumed", async ([_name, records, results, kept], { collab }) => {
    const service = open(collab.dir);
    collab.write("j.jsonl", toText([HEADER, ...records]));
    const text = toText(results);
    collab.write("r.jsonl", `${text}{"line":4,"outc`);
    const journal = await service.resumeJournal("j.jsonl", service.lockJournal("j.jsonl"));
    const { file, dropped } = service.openResults("r.jsonl", journal);
    file.append(outcome(9));
    file.close();
    journal.close();
    expect(collab.read("r.jsonl")).toBe(toText([...results.slice(0, kept), outcome(9)]));
    expect(dropped).toBe(results.length - kept + 1);
  });
});

describe("a journal", () => {
  it("is locked for one run, until it is closed or deleted", ({ collab }) => {
    const service = open(collab.dir);
    for (const end of ["delete", "close"] as const) {
      const journal = service.createJournal("j.jsonl", HEADER, service.lockJournal("j.jsonl"));
      expect(() => service.lockJournal("j.jsonl")).toThrow("j.jsonl is used by another run");
      journal[end]();
      expect(existsSync(join(collab.dir, "j.jsonl.lock"))).toBe(false);
    }
    service.lockJournal("j.jsonl").release();
  });

  it("is not locked by a process that was killed", ({ collab }) => {
    const [, place] = String(getProcessIdentity()).split("@");
    // Process IDs are smaller than this one.
    collab.write("j.jsonl.lock", `99999999.1@${place}`);
    open(collab.dir).lockJournal("j.jsonl").release();
    collab.write("j.jsonl.lock", "99999999.1@another-machine");
    expect(() => open(collab.dir).lockJournal("j.jsonl")).toThrow("j.jsonl is used by another run");
  });

  it.for([2 ** 53 - 1, 2 ** 40, 1_000_000_001])("with the line number %d is damaged", async (line, { collab }) => {
    const service = open(collab.dir);
    collab.write("j.jsonl", toText([HEADER, { line, status: "triggered", workflow_run_ids: [] }]));
    await expect(service.resumeJournal("j.jsonl", service.lockJournal("j.jsonl"))).rejects.toMatchObject({
      code: "journal_conflict",
      message: "j.jsonl is damaged: line 2 is not a record",
    });
  });
});
