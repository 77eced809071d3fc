import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Store } from "../../../src/ports/store.js";
import { joinSample } from "./sample-batches.js";
import { insertSample, NOW, saveAll, user, waitingAt } from "./sample-runs.js";

/** Writes a line synchronously, before the next transaction starts, so that a killed process has reported everything that it committed. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Triggers `count` times and prints each workflow run's ID when it is durable. */
async function trigger(store: Store, name: string, count: number, recipients: number): Promise<void> {
  const ids = Array.from({ length: recipients }, (_, index) => `${name}-${index}`);
  for (let i = 0; i < count; i++) {
    await store.upsertRecipients([{ key: user(name), properties: { [`count${i % 5}`]: i } }], NOW);
    const inserted = await insertSample(store, { recipients: ids, recipientRun: waitingAt(NOW) });
    say(inserted.run.id);
  }
}

/** Claims and saves runs until none is due, and prints the ID of each saved run. */
async function work(store: Store, name: string): Promise<void> {
  for (let round = 0; ; round++) {
    const token = `${name}-${round}`;
    const claimed = await store.claimDueRuns({ now: NOW, leaseMs: 60_000, token }, 7);
    if (claimed.length === 0) return;
    const saved = await saveAll(
      store,
      claimed.map(({ recipientRun }) => ({
        recipientRun: { ...recipientRun, status: "completed", position: null, due_at: null },
        messages: [],
      })),
      token,
    );
    for (const id of saved) say(id);
  }
}

/** Adds activities to one batch and prints the decision for each run. */
async function join(store: Store, name: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { run, decision } = await joinSample(store, { data: { by: `${name}${i}` } });
    say(`${decision?.selected} ${run.id}`);
  }
}

/** Requests passes of one throttle with a limit of 10, and prints the IDs of the runs that passed. */
async function pass(store: Store, name: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const ids = [0, 1].map((n) => `${name}-${i}-${n}`);
    const asked = ids.map((id) => ({ key: "k", recipient_run_id: id, limit: 10, window_ms: 1_000 }));
    const passed = await store.acquireThrottleSlots(asked, NOW);
    for (const [index, id] of ids.entries()) if (passed[index]) say(id);
  }
}

/** Executes a task: `[verb, location, name, count, recipients]`. `work` ignores the last two. */
async function runTask(open: (location: string) => Promise<Store>, task: readonly string[]): Promise<void> {
  const [verb, location, name = "", count = "1", recipients = "1"] = task;
  const store = await open(location as string);
  if (verb === "trigger") await trigger(store, name, Number(count), Number(recipients));
  else if (verb === "join") await join(store, name, Number(count));
  else if (verb === "pass") await pass(store, name, Number(count));
  else await work(store, name);
  await store.close();
}

/** Executes the tasks on standard input, each a line of JSON, and prints an empty line after each. */
export async function runChild(open: (location: string) => Promise<Store>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    await runTask(open, JSON.parse(line) as string[]);
    say("");
  }
}
