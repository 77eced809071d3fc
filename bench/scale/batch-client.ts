// A client of the batches in workers.mjs: triggers a workflow with one batch for each recipient. Arguments: the database, the
// prefix of the recipients, their number, and the triggers. Waits for a line on standard input before it begins.
import { once } from "node:events";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { createBenchEngine } from "../bench-engine.js";
import { WORKFLOWS } from "./worker-project.js";

const WARM_TRIGGERS = 5;

const [location = "", prefix = "", recipients = "200", triggers = "20"] = process.argv.slice(2);
const store = await openPostgresStore(location, { maxConnections: 2 });
const engine = createBenchEngine(store, WORKFLOWS);

async function triggerBatches(keyPrefix: string, count: number): Promise<void> {
  const ids = Array.from({ length: Number(recipients) }, (_, index) => `${keyPrefix}-${index}`);
  for (let index = 0; index < count; index++)
    await engine.triggerWorkflow(parseTrigger({ recipients: ids, data: { page: "Home" } }, "digest").trigger, {
      idempotency_key: null,
    });
}

await triggerBatches(`warm-${process.pid}`, WARM_TRIGGERS);
console.log("ready");
await once(process.stdin, "data");
await triggerBatches(prefix, Number(triggers));
console.log("done");
process.stdin.unref();
await once(process, "SIGTERM");
await store.close();
process.exit();
