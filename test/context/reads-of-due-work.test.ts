import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLocalEngine } from "../../src/context/create-local-engine.js";
import { openProjectStore } from "../../src/context/open-project-store.js";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import type { LocalOperations } from "../../src/ports/operations.js";
import { findProject } from "../../src/project/find-project.js";
import { openProject } from "../../src/project/open-project.js";
import { Connection } from "../../src/store/sqlite/connection/connection.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

const MOMENTS = 150;
const MINUTE = 60_000;
const START = Date.UTC(2030, 5, 4, 10);

const REMINDER = {
  name: "Reminder",
  steps: [
    { ref: "delay_1", type: "delay", settings: { delay_until_field_path: "recipient.remind_at" } },
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "mail",
      template: {
        subject: "Reminder",
        "html_body@": "email_1/body.html",
        "text_body@": "email_1/body.txt",
        settings: { layout_key: "default" },
      },
    },
  ],
};

const FILES = {
  "knock.json": { knockDir: "./knock" },
  "knock/environment.json": { channels: { mail: { type: "email", provider: "smtp" } } },
  "knock/workflows/reminder/workflow.json": REMINDER,
  "knock/workflows/reminder/email_1/body.html": "<p>Hello {{ recipient.name }}</p>",
  "knock/workflows/reminder/email_1/body.txt": "Hello {{ recipient.name }}",
  "knock/layouts/default/layout.json": { name: "Default", "html_layout@": "layout.html", text_layout: "{{ content }}" },
  "knock/layouts/default/layout.html": "<html><head></head><body>{{ content }} {% render 'footer' %}</body></html>",
  "knock/partials/footer/partial.json": { name: "Footer", type: "html", "content@": "content.html" },
  "knock/partials/footer/content.html": "<i>sent by a test</i>",
};

/** Reads per file. A layout and its partials are read to check the workflow that names them, and to compile it. */
const ONE_PARSE = {
  "knock/environment.json": 1,
  "knock/workflows/reminder/workflow.json": 1,
  "knock/workflows/reminder/email_1/body.html": 1,
  "knock/workflows/reminder/email_1/body.txt": 1,
  "knock/layouts/default/layout.json": 2,
  "knock/layouts/default/layout.html": 2,
  "knock/partials/footer/partial.json": 2,
  "knock/partials/footer/content.html": 2,
};

let project: TemporaryProject;
let engine: LocalOperations;

beforeEach(() => {
  project = new TemporaryProject(FILES);
});
afterEach(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await engine.close();
  project.remove();
});

/** Opens a command's engine for the project's current files. */
async function open(): Promise<LocalOperations> {
  const location = await findProject({ cwd: project.root, project: null, knockDir: null });
  if (location === null) throw new Error("no project");
  const opened = openProject(location, project.root);
  const store = await openProjectStore(opened, project.path("store.db"));
  return createLocalEngine(opened, store, { env: {}, sleep: async () => {} });
}

/** Starts runs that wait until times that are `apart` milliseconds from each other; with 0, all until the same time. */
async function startReminders(count = MOMENTS, apart = MINUTE): Promise<void> {
  await engine.freezeClock(START);
  const recipients = Array.from({ length: count }, (_, n) => ({
    id: `user-${n}`,
    name: `User ${n}`,
    email: `user-${n}@example.com`,
    remind_at: new Date(START + MINUTE + n * apart).toISOString(),
  }));
  await engine.triggerWorkflow(parseTrigger({ recipients }, "reminder").trigger, { idempotency_key: null });
}

/** Counts how often each of the project's files is read. */
function countReads(): Map<string, number> {
  const reads = new Map<string, number>();
  const count = (path: unknown): void => {
    if (typeof path !== "string" || !path.startsWith(project.root)) return;
    const name = relative(project.root, path);
    if (!name.startsWith("store.db")) reads.set(name, (reads.get(name) ?? 0) + 1);
  };
  for (const method of ["readFileSync", "openSync"] as const) {
    const original = fs[method] as (...args: unknown[]) => unknown;
    vi.spyOn(fs, method).mockImplementation(((...args: unknown[]) => {
      count(args[0]);
      return original(...args);
    }) as never);
  }
  syncBuiltinESMExports();
  return reads;
}

/** Counts transactions by their first statement. */
function countTransactions(): Map<string, number> {
  const begun = new Map<string, number>();
  const original = Connection.prototype.run;
  vi.spyOn(Connection.prototype, "run").mockImplementation(function (this: Connection, sql, ...values) {
    if (sql.startsWith("BEGIN")) begun.set(sql, (begun.get(sql) ?? 0) + 1);
    return original.call(this, sql, ...values);
  });
  return begun;
}

describe("a move of the clock over 150 due moments", () => {
  beforeEach(async () => {
    engine = await open();
    await startReminders();
  });

  it("parses the workflow once", async () => {
    await engine.close();
    engine = await open();
    const reads = countReads();
    const { ran } = await engine.moveClock(START + 10 * 60 * MINUTE, { force: false });
    expect(ran).toHaveLength(MOMENTS);
    expect(Object.fromEntries(reads)).toEqual(ONE_PARSE);
  });

  it("follows files that have changed since the last move", async () => {
    const [before] = (await engine.moveClock(START + MINUTE, { force: false })).ran;
    expect(before?.steps.map(({ outcome }) => outcome)).toEqual(["passed", "sent"]);
    project.write({ "knock/workflows/reminder/workflow.json": { ...REMINDER, active: false } });
    const [after] = (await engine.moveClock(START + 2 * MINUTE, { force: false })).ran;
    expect(after?.steps.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
  });

  it("runs two transactions for all moments that do not affect each other, and none without due work", async () => {
    const begun = countTransactions();
    const { ran } = await engine.moveClock(START + 10 * 60 * MINUTE, { force: false });
    expect(ran).toHaveLength(MOMENTS);
    // The moments take one claim, which sets the clock, and one save. The clock's lease is taken and released, and the
    // clock is set at the end.
    expect(Object.fromEntries(begun)).toEqual({ "BEGIN IMMEDIATE": 2 + 3 });
  });
});

describe("one read of due work", () => {
  it("parses the workflow once for more runs than a chunk contains", async () => {
    engine = await open();
    await startReminders(600, 0);
    await engine.freezeClock(START + MINUTE);
    await engine.close();
    engine = await open();
    const reads = countReads();
    expect(await engine.runDue({ once: true })).toHaveLength(600);
    expect(Object.fromEntries(reads)).toEqual(ONE_PARSE);
  });
});
