import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Store } from "../../src/ports/store.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { eventually } from "../helpers/eventually.js";
import { createDatabase, dropDatabase } from "../helpers/postgres-server.js";
import { createSample, type Sample } from "../helpers/run-knock.js";
import { checkHistory } from "./concurrency/check-history.js";
import { countExercises } from "./concurrency/count-exercises.js";
import type { FinalState, HistoryEntry } from "./concurrency/history.js";
import { readFinalState } from "./concurrency/read-final-state.js";
import { runStorm, type StormOptions } from "./concurrency/run-storm.js";
import { START, writeStormProject } from "./concurrency/storm-project.js";
import { getLongRuns, reportFigures } from "./long-runs.js";

const MINUTE_MS = 60_000;

/** The short form ends after some calls, so that it needs the same CPU time on a busy machine. */
const isLong = getLongRuns("concurrency", 1, 0) === 1;
const OPTIONS = {
  durationMs: isLong ? 10 * MINUTE_MS : MINUTE_MS,
  // The long form is paced, so that its store fits in memory.
  maxPause: isLong ? 30 : 10,
  maxCalls: isLong ? { engine: 1e6, http: 1e6, command: 1e6 } : { engine: 80, http: 80, command: 8 },
};

/** Whether the processes share a PostgreSQL database instead of a SQLite file. */
const isOnPostgres = process.env.KNOCK_TEST_STORE === "postgres";

/** A store that the processes share. */
interface StormStore {
  options: Pick<StormOptions, "store" | "clockStep">;
  /** Runs the rest of the work after the storm. Returns the times of the clock. */
  finish(): Promise<FinalState["clock"]>;
  open(): Promise<Store>;
  remove(): Promise<void>;
}

/** Runs a command that must succeed. */
async function runCommand(sample: Sample, ...args: string[]) {
  const result = await sample.knock([...args, "--json"]);
  expect(result.exitCode, result.stderr).toBe(0);
  return result.json;
}

async function prepareSqlite(sample: Sample): Promise<StormStore> {
  writeStormProject(sample, { unit: "minutes", value: 1 });
  await runCommand(sample, "clock", "freeze", new Date(START).toISOString());
  const store = sample.path(".knock-local/store.db");
  return {
    options: { store, clockStep: MINUTE_MS },
    async finish() {
      const { now } = await runCommand(sample, "clock", "show");
      await runCommand(sample, "clock", "advance", "1h");
      return { start: START, end: Date.parse(String(now)) };
    },
    open: () => openSqliteStore(store, { readOnly: true }),
    remove: async () => {},
  };
}

/** A PostgreSQL store has no clock that can be moved, so its work becomes due in real time. */
async function preparePostgres(sample: Sample): Promise<StormStore> {
  writeStormProject(sample, { unit: "seconds", value: 1 });
  const store = await createDatabase();
  await runCommand(sample, "runs", "list", "--store", store);
  const open = () => openPostgresStore(store);
  return {
    options: { store, clockStep: null },
    async finish() {
      const opened = await open();
      await eventually(async () => {
        await runCommand(sample, "worker", "--once", "--store", store);
        return (await opened.readNextDueAt()) === null;
      });
      await opened.close();
      return null;
    },
    open,
    remove: () => dropDatabase(store),
  };
}

/** Keeps a history that breaks a promise. */
function saveHistory(content: { history: readonly HistoryEntry[]; final: FinalState }): void {
  const path = "node_modules/.cache/concurrency/history.json";
  writeFileSync(path, JSON.stringify(content));
  process.stderr.write(`the history is in ${path}\n`);
}

describe("processes that use one store at once", () => {
  let figures: Record<string, number> = {};
  afterAll(() => reportFigures("concurrency", figures, isOnPostgres ? "concurrency-postgres" : "concurrency"));

  it("see each change take effect once, in one order", { timeout: OPTIONS.durationMs * 2 + 1_200_000 }, async () => {
    const sample = createSample(null);
    try {
      const { options, finish, open, remove } = await (isOnPostgres ? preparePostgres(sample) : prepareSqlite(sample));
      try {
        const { history, problems } = await runStorm(sample, { ...OPTIONS, ...options });
        const clock = await finish();
        const store = await open();
        const final = { ...(await readFinalState(store)), clock };
        const nextDueAt = await store.readNextDueAt();
        await store.close();
        figures = countExercises(history, final);
        expect(figures.batched_activities).toBeGreaterThan(0);
        const violations = [...problems, ...checkHistory(history, final)];
        figures.violations = violations.length;
        if (violations.length > 0) saveHistory({ history, final });
        expect(violations.slice(0, 10).join("\n")).toBe("");
        expect(nextDueAt).toBeNull();
      } finally {
        await remove();
      }
    } finally {
      sample.remove();
    }
  });
});
