import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { createBulkService } from "../../src/app/bulk/create-bulk-service.js";
import type { JournalHeader } from "../../src/domain/trigger/trigger-journal.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

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
  const service = createBulkService({ cwd: collab.dir, signal: new AbortController().signal });
  const journal = service.createJournal("j.jsonl", HEADER);
  const results = service.openResults("r.jsonl", false);
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
