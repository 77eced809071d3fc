import { withClient } from "../../helpers/postgres-server.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { Figures } from "./fault-run.js";

const READ_BATCHES = `
  SELECT (SELECT count(*) FROM batches)::integer AS batches,
    (SELECT count(DISTINCT key) FROM batches WHERE open = 1)::integer AS open_keys,
    (SELECT sum(items) FROM batches)::integer AS items,
    (SELECT count(*) FROM batch_activities WHERE removed = 0)::integer AS activities,
    (SELECT count(*) FROM batches b WHERE items <> (SELECT count(*) FROM batch_activities a WHERE a.batch = b.row))::integer AS different,
    (SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())::integer AS deadlocks`;

function shuffle<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ value }) => value);
}

/** Lets processes join the same batches, each with triggers that name the recipients in another order. Returns what is stored. */
export async function joinBatches(
  url: string,
  { processes, triggers, batches }: { processes: number; triggers: number; batches: number },
): Promise<Figures> {
  const sample = createInProcessSample(null);
  try {
    sample.write("knock.json", { knockDir: "./knock" });
    sample.write("knock/workflows/join/workflow.json", {
      name: "Join",
      steps: [{ ref: "batch_1", type: "batch", settings: { batch_window: { unit: "days", value: 1 } } }],
    });
    const recipients = Array.from({ length: batches }, (_, number) => `member-${number}`);
    sample.write("knock/recipients/members.json", { users: recipients.map((id) => ({ id, name: id })) });
    await sample.knock(["runs", "--store", url]);
    const commands = Array.from({ length: processes }, (_, process) => {
      const lines = Array.from({ length: triggers }, (_, trigger) =>
        JSON.stringify({ key: "join", recipients: shuffle(recipients), data: { by: `${process}-${trigger}` } }),
      );
      const file = sample.write(`triggers-${process}.jsonl`, `${lines.join("\n")}\n`);
      return sample.start(["notify", "--file", file, "--store", url, "--no-journal", "--quiet"]);
    });
    for (const { exitCode, stderr } of await Promise.all(commands))
      if (exitCode !== 0) throw new Error(`a process ended with ${exitCode}: ${stderr}`);
    return (await withClient(url, (client) => client.query<Figures>(READ_BATCHES))).rows[0] as Figures;
  } finally {
    sample.remove();
  }
}
