// Measures the lists of the API in one store of growth-routes.mjs. Prints milliseconds by request as JSON.

import { type RecipientKey, TENANTS, toRecipientKey } from "../src/domain/recipient/recipient.js";
import type { Schedule } from "../src/domain/trigger/schedule.js";
import { Query } from "../src/features/dev/emulator/http/query.js";
import { ROUTES } from "../src/features/dev/emulator/route-table.js";
import type { Store } from "../src/ports/store.js";
import type { Connection } from "../src/store/postgres/connection/connection.js";
import { openPostgresStore } from "../src/store/postgres/open-postgres-store.js";
import { openSqliteStore } from "../src/store/sqlite/open-sqlite-store.js";
import { systemIds } from "../src/util/ids.js";
import { createBenchEngine } from "./bench-engine.js";
import { measureLeast, readCpuMs } from "./growth-lists.js";
import { fillStore, HEAVY_USER, RARE_WORKFLOW } from "./growth-rows.js";
import { createRouteContext, LIST_REQUESTS, listQueries } from "./list-routes.js";
import { countBlocks } from "./scale/count-blocks.js";

const ROWS_PER_WRITE = 1_000;
const OBJECT = toRecipientKey({ collection: "projects", id: "p0" });

function* chunk<T>(all: readonly T[]): Generator<T[]> {
  for (let first = 0; first < all.length; first += ROWS_PER_WRITE) yield all.slice(first, first + ROWS_PER_WRITE);
}

function buildSchedule(workflow: string, recipient: RecipientKey): Schedule {
  return {
    ...{ id: systemIds.uuid(), workflow, recipient, actor: null, tenant: null, data: null, repeats: [] },
    ...{ scheduled_at: Date.now(), ending_at: null, next_occurrence_at: null, last_occurrence_at: null },
    ...{ inserted_at: Date.now(), updated_at: Date.now() },
  };
}

/** Fills the tables that no trigger fills: `size` users, members and subscribers, and a tenth of other rows. */
async function fillLists(store: Store, size: number): Promise<void> {
  const now = Date.now();
  const name = (count: number, build: (index: number) => RecipientKey) =>
    Array.from({ length: count }, (_, i) => build(i));
  const users = name(size, (index) => toRecipientKey(`user-${index}`));
  const objects = name(size / 10, (index) => toRecipientKey({ collection: "projects", id: `p${index}` }));
  const tenants = name(size / 10, (index) => toRecipientKey({ collection: TENANTS, id: `t${index}` }));
  for (const keys of chunk([...users, HEAVY_USER, ...objects, ...tenants]))
    await store.upsertRecipients(
      keys.map((key) => ({ key, properties: { name: key } })),
      now,
    );
  for (const keys of chunk(users)) {
    await store.addAudienceMembers(
      "everyone",
      keys.map((recipient) => ({ recipient, tenant: null })),
      now,
    );
    await store.upsertSubscriptions(
      keys.map((recipient) => ({ object: OBJECT, recipient, properties: {} })),
      now,
    );
  }
  for (const keys of chunk(objects))
    await store.upsertSubscriptions(
      keys.map((object) => ({ object, recipient: HEAVY_USER, properties: {} })),
      now,
    );
  const rare = name(3, () => OBJECT).map((key) => buildSchedule(RARE_WORKFLOW, key));
  const others = users.slice(0, size / 10).map((key) => buildSchedule("invite", key));
  for (const schedules of chunk([...rare, ...others])) await store.insertSchedules(schedules);
}

/**
 * The least of some repetitions: milliseconds of CPU time with SQLite, which runs in this process, and of real time with PostgreSQL.
 * The blocks that PostgreSQL reads do not depend on the load.
 */
interface Figure {
  ms: number;
  blocks: number | null;
}

async function measureRequest(store: Store, work: () => Promise<unknown>): Promise<Figure> {
  const ms = await measureLeast(work, kind === "sqlite" ? readCpuMs : () => performance.now());
  const { db } = store as unknown as { db: Connection };
  return { ms, blocks: kind === "sqlite" ? null : await countBlocks(db, work) };
}

async function measureRoutes(store: Store): Promise<Record<string, Figure>> {
  const engine = createBenchEngine(store, {});
  const figures: Record<string, Figure> = {};
  const [newest] = (await store.listMessages({}, { limit: 1 })).items;
  for (const [endpoint, { params = {} }] of Object.entries(LIST_REQUESTS)) {
    const route = ROUTES.find((one) => one.endpoint === endpoint);
    const values = params.message_id === undefined ? params : { message_id: newest?.id ?? "" };
    for (const search of listQueries(endpoint)) {
      const query = new Query(`?page_size=50&${search}`);
      const context = createRouteContext(engine, query, values);
      figures[`${endpoint}${search === "" ? "" : `?${search}`}`] = await measureRequest(store, async () =>
        route?.handle(context),
      );
    }
  }
  return figures;
}

const [kind, location, size] = process.argv.slice(2) as [string, string, string];
const store: Store =
  kind === "sqlite"
    ? await openSqliteStore(location)
    : await openPostgresStore(location, { createForTests: true, maxConnections: 1 });
try {
  await fillStore(store, Number(size));
  await fillLists(store, Number(size));
  if (kind === "postgres") {
    const { db } = store as unknown as { db: Connection };
    await db.all("VACUUM ANALYZE");
    await countBlocks(db, async () => {}); // the first time also reads the catalog
  }
  console.log(JSON.stringify(await measureRoutes(store)));
} finally {
  await store.close();
}
