import { writeSync } from "node:fs";
import type { Store } from "../../../src/ports/store.js";
import { insertSample, NOW, saveAll, user, waitingAt } from "./sample-runs.js";

/** Written at once, so that a line is out before the next transaction begins: what a killed process said, it said. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Triggers without end: says the workflow run's id when it is durable. */
async function trigger(store: Store, name: string, count: number, recipients: number): Promise<void> {
  const ids = Array.from({ length: recipients }, (_, index) => `${name}-${index}`);
  for (let i = 0; i < count; i++) {
    await store.upsertRecipients([{ key: user(name), properties: { [`count${i % 5}`]: i } }], NOW);
    const made = await insertSample(store, { recipients: ids, recipientRun: waitingAt(NOW) });
    say(made.run.id);
  }
}

/** Claims and saves until nothing is due: says each run it saved. */
async function work(store: Store, name: string): Promise<void> {
  for (let round = 0; ; round++) {
    const token = `${name}-${round}`;
    const claimed = await store.claimDueRuns({ now: NOW, realNow: NOW, leaseUntil: NOW + 60_000, token }, 7);
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

/** A process beside the test's: `trigger <location> <name> <count> <recipients>` or `work <location> <name>`. */
export async function runChild(open: (location: string) => Promise<Store>): Promise<void> {
  const [verb, location, name = "", count = "1", recipients = "1"] = process.argv.slice(2);
  const store = await open(location as string);
  if (verb === "trigger") await trigger(store, name, Number(count), Number(recipients));
  else await work(store, name);
  await store.close();
}
