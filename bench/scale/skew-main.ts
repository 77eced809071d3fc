// Measures skew in an empty database for skew.mjs: triggers workflows with the engine, and reads the shards that the rows carry. Prints
// the figures as JSON.
import pg from "pg";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { createBenchEngine } from "../bench-engine.js";
import { assignByLoad, assignInTurn, createRandom, createSampler, measureSkew } from "./weights.js";
import { WORKFLOWS } from "./worker-project.js";

const [location, runsText] = process.argv.slice(2) as [string, string];
const runs = Number(runsText);
const RECIPIENTS = 1_000_000;
/** Rows carry the remainder of a signed hash, −255 to 255. Its last eight bits are the shard. */
const SHARDS = 256;
const TENANTS = 100;
const WORKFLOW_COUNT = 10;
const EXPONENTS = [0, 0.8, 1, 1.2];
const TRIGGERS_AT_ONCE = 8;
const RUNS_PER_TRIGGER = 1_000;

const store = await openPostgresStore(location);
const workflows = Array.from({ length: WORKFLOW_COUNT }, (_, index) => [`later-${index}`, WORKFLOWS.later!]);
const engine = createBenchEngine(store, { ...Object.fromEntries(workflows) });
const { db } = store as unknown as { db: Connection };
const server = new pg.Client({ ...db.pool.options, statement_timeout: 0 });
await server.connect();
await server.query("SET statement_timeout = 0");

interface Trigger {
  workflow: string;
  tenant: string | null;
  recipients: string[];
}

/** Handles triggers, a few at once. */
async function handleTriggers(triggers: readonly Trigger[]): Promise<void> {
  const data = { page: "Home", at: new Date(Date.now() + 86_400_000).toISOString() };
  let next = 0;
  const handle = async (): Promise<void> => {
    while (next < triggers.length) {
      const { workflow, tenant, recipients } = triggers[next++]!;
      const { trigger } = parseTrigger({ recipients, data, tenant }, workflow);
      await engine.triggerWorkflow(trigger, { idempotency_key: null });
    }
  };
  await Promise.all(Array.from({ length: TRIGGERS_AT_ONCE }, handle));
}

/** Draws runs. Those of a tenant and workflow share triggers, of which each has a recipient once. */
function drawTriggers(exponent: number): Trigger[] {
  const random = createRandom(1);
  const [drawRecipient, drawTenant, drawWorkflow] = [RECIPIENTS, TENANTS, WORKFLOW_COUNT].map((count) =>
    createSampler(count, exponent, random),
  ) as [() => number, () => number, () => number];
  const times = new Map<string, number>();
  const open = new Map<string, Trigger>();
  const triggers: Trigger[] = [];
  for (let run = 0; run < runs; run++) {
    const workflow = `later-${drawWorkflow()}`;
    const tenant = `tenant-${drawTenant()}`;
    const recipient = `user-${drawRecipient()}`;
    const place = `${workflow} ${tenant}`;
    const time = (times.get(`${place} ${recipient}`) ?? 0) + 1;
    times.set(`${place} ${recipient}`, time);
    let trigger = open.get(`${place} ${time}`);
    if (trigger === undefined || trigger.recipients.length === RUNS_PER_TRIGGER) {
      trigger = { workflow, tenant, recipients: [] };
      open.set(`${place} ${time}`, trigger);
      triggers.push(trigger);
    }
    trigger.recipients.push(recipient);
  }
  return triggers;
}

/** Returns the runs of each shard: all, or those of one tenant or workflow. */
async function readLoads(column = "", value?: string): Promise<number[]> {
  const filter = value === undefined ? "" : `AND ${column} = $2`;
  const { rows } = await server.query(
    `SELECT r.shard & 255 AS shard, count(*)::integer AS runs FROM recipient_runs AS r JOIN workflow_runs AS w ON w.row = r.workflow_run
     WHERE r.row > $1 ${filter} GROUP BY 1`,
    value === undefined ? [newest] : [newest, value],
  );
  const loads = new Array<number>(SHARDS).fill(0);
  for (const { shard, runs } of rows) loads[shard] = runs;
  return loads;
}

async function findBusiest(column: string): Promise<{ value: string; percent: number }> {
  const { rows } = await server.query(
    `SELECT ${column} AS value, count(*)::integer AS runs FROM recipient_runs AS r
     JOIN workflow_runs AS w ON w.row = r.workflow_run WHERE r.row > $1 GROUP BY 1 ORDER BY 2 DESC LIMIT 1`,
    [newest],
  );
  return { value: rows[0].value, percent: round((rows[0].runs / runs) * 100) };
}

const round = (value: number): number => Number(value.toFixed(2));
let newest = 0;

/** Measures the runs of one exponent. */
async function measureExponent(s: number): Promise<object> {
  newest = (await server.query("SELECT coalesce(max(row), 0) AS row FROM recipient_runs")).rows[0].row;
  await handleTriggers(drawTriggers(s));
  const loads = await readLoads();
  const [recipient, tenant, workflow] = [
    await findBusiest("r.recipient"),
    await findBusiest("w.tenant"),
    await findBusiest("w.workflow"),
  ];
  const distinct = await server.query(
    "SELECT count(DISTINCT recipient)::integer AS recipients FROM recipient_runs WHERE row > $1 GROUP BY shard & 255",
    [newest],
  );
  return {
    s,
    runs: loads.reduce((sum, load) => sum + load, 0),
    shards_256: round(measureSkew(loads)),
    recipients_256: round(measureSkew(distinct.rows.map(({ recipients }) => recipients))),
    databases_16: round(measureSkew(assignInTurn(loads, 16))),
    databases_64: round(measureSkew(assignInTurn(loads, 64))),
    databases_64_by_load: round(measureSkew(assignByLoad(loads, 64))),
    busiest_recipient_percent: recipient.percent,
    busiest_tenant_percent: tenant.percent,
    busiest_tenant_databases_16: round(measureSkew(assignInTurn(await readLoads("w.tenant", tenant.value), 16))),
    busiest_workflow_percent: workflow.percent,
    busiest_workflow_databases_16: round(measureSkew(assignInTurn(await readLoads("w.workflow", workflow.value), 16))),
  };
}

try {
  await server.query(
    `INSERT INTO recipients (key, properties, inserted_at, updated_at)
     SELECT '$users/user-' || n, '{"name":"User ' || n || '"}', 0, 0 FROM generate_series(0, $1::int - 1) AS n`,
    [RECIPIENTS],
  );
  await server.query("VACUUM (ANALYZE)");
  const rows: object[] = [];
  for (const s of EXPONENTS) {
    rows.push(await measureExponent(s));
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
  }
  console.log(JSON.stringify({ recipients: RECIPIENTS, tenants: TENANTS, workflows: WORKFLOW_COUNT, rows }));
} finally {
  await server.end();
  await store.close();
}
