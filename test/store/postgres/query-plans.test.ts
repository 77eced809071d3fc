import { afterEach, expect, it, vi } from "vitest";
import { fillStore, HEAVY_USER, RARE_CHANNEL, RARE_USER, RARE_WORKFLOW } from "../../../bench/growth-rows.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { hasEndedStatus, RUN_STATUSES } from "../../../src/domain/run/run-status.js";
import type { WorkScope } from "../../../src/ports/due-store.js";
import type { MessageQuery, RunQuery } from "../../../src/ports/filters.js";
import type { Store } from "../../../src/ports/store.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { growPartitions } from "../../../src/store/postgres/connection/grow-partitions.js";
import { Statements } from "../../../src/store/postgres/connection/transaction.js";
import { FROM_MESSAGES } from "../../../src/store/postgres/message/message-rows.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { NOW } from "../../contract/store/sample-runs.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const ROWS = 3_000;
const PAGE = { limit: 20 };
const MONTH = 31 * 24 * 3_600_000;

/** The planner adds this to the cost of a step that it is set to avoid. It takes one only if there is no other way. */
const AVOIDED_COST = 1e10;

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Total Cost": number;
  "Actual Loops"?: number;
  "Rows Removed by Filter"?: number;
  Plans?: PlanNode[];
}

/** Returns the steps of a plan that read or sort more than a page. */
function listLargeSteps(node: PlanNode): string[] {
  const { "Node Type": type, "Relation Name": relation = "", Plans: children = [] } = node;
  const isLarge = type === "Seq Scan" || type === "Sort" || type === "HashAggregate" || type.startsWith("Bitmap");
  return [...(isLarge ? [`${type} ${relation}`] : []), ...children.flatMap(listLargeSteps)];
}

/** Returns the tables that a statement has read. */
function listReadRelations(node: PlanNode): string[] {
  const { "Relation Name": relation, "Actual Loops": loops = 0, "Node Type": type, Plans: children = [] } = node;
  const isRead = relation !== undefined && loops > 0 && type.includes("Scan");
  return [...(isRead ? [relation] : []), ...children.flatMap(listReadRelations)];
}

/** Returns how the rows of a table are read: the kinds of scan with their indexes. */
function listScans(node: PlanNode, table: string): string[] {
  const { "Relation Name": relation = "", "Node Type": type, "Index Name": index, Plans: children = [] } = node;
  const own = relation.startsWith(table) ? [[type, index].filter(Boolean).join(" ")] : [];
  return [...own, ...children.flatMap((child) => listScans(child, table))];
}

/** Returns how many rows a statement has read that do not match. */
function countRemovedRows(node: PlanNode): number {
  const { "Rows Removed by Filter": removed = 0, Plans: children = [] } = node;
  return children.reduce((sum, child) => sum + countRemovedRows(child), removed);
}

/** Records the plans of all statements, each explained in the transaction in which it runs. */
function recordPlans(options = ""): { sql: string; plan: PlanNode }[] {
  const plans: { sql: string; plan: PlanNode }[] = [];
  const { all } = Statements.prototype;
  vi.spyOn(Statements.prototype, "all").mockImplementation(async function (this: Statements, sql, ...values) {
    const [explained] = (await all.call(this, `EXPLAIN (${options}FORMAT JSON) ${sql}`, ...values)) as [
      { "QUERY PLAN": [{ Plan: PlanNode }] },
    ];
    plans.push({ sql, plan: explained["QUERY PLAN"][0].Plan });
    return (await all.call(this, sql, ...values)) as never;
  });
  return plans;
}

const MESSAGE_FILTERS: MessageQuery[] = [
  {},
  { status: "undelivered" },
  { statuses: ["undelivered", "bounced", "delivered"] },
  { workflow: RARE_WORKFLOW },
  { tenant: "rare-tenant", status: "delivered" },
  { channel: RARE_CHANNEL },
  { workflow: "invite", status: "bounced", tenant: "acme", channel: "in-app-feed" },
  { workflow_run_id: "x" },
  { recipient_run_id: "x" },
  { recipient: RARE_USER },
  { recipient: HEAVY_USER, status: "delivered" },
];

const RUN_FILTERS: RunQuery[] = [
  {},
  { status: "cancelled" },
  { status: "paused" },
  { status: "paused", tenant: "acme" },
  { statuses: ["cancelled", "paused"] },
  { workflow: RARE_WORKFLOW, tenant: "rare-tenant" },
  { recipient: RARE_USER },
  { recipient: HEAVY_USER, status: "cancelled" },
  { workflow_run_id: "x" },
];

describeOnPostgres("statements of lists", () => {
  afterEach(() => vi.restoreAllMocks());

  /** Reads the first page of a list, the page after its end, and the page before that. */
  async function readPages(list: (page: object) => Promise<{ page_info: { after: string | null } }>): Promise<void> {
    const { page_info } = await list(PAGE);
    if (page_info.after === null) return;
    await list({ ...PAGE, after: page_info.after });
    await list({ ...PAGE, before: page_info.after });
  }

  async function readLists(store: Store): Promise<void> {
    for (const filter of MESSAGE_FILTERS) await readPages((page) => store.listMessages(filter, { ...PAGE, ...page }));
    for (const filter of RUN_FILTERS) await readPages((page) => store.listRecipientRuns(filter, { ...PAGE, ...page }));
    for (const recipient of [HEAVY_USER, RARE_USER])
      for (const status of ["all", "unread", "seen"] as const)
        await readPages((page) => store.listFeed({ recipient, status }, { ...PAGE, ...page }));
    for (const collection of ["$users", "projects", null])
      await readPages((page) => store.listRecipients({ collection }, { ...PAGE, ...page }));
    const object = toRecipientKey({ collection: "projects", id: "p1" });
    await readPages((page) => store.listSubscriptions({ object }, { ...PAGE, ...page }));
    await readPages((page) => store.listSubscriptions({ recipient: HEAVY_USER }, { ...PAGE, ...page }));
    await readPages((page) => store.listAudienceMembers("beta", { ...PAGE, ...page }));
  }

  it.each([1, 3])(
    "read a page by index and sort no more than a block, in %i partitions with rows",
    async (partitions) => {
      const location = await createStoreDatabase({ createForTests: true });
      const store = await openPostgresStore(location, { createForTests: true });
      const { db } = store as unknown as { db: Connection };
      for (let index = 0; index < partitions; index++) {
        await store.writeClock({ offset_ms: index * MONTH, frozen_at: null });
        if (partitions > 1) await eventually(() => growPartitions(db));
        await fillStore(store, ROWS / partitions);
      }
      const filled = await db.all("SELECT DISTINCT tableoid FROM messages");
      expect(filled).toHaveLength(partitions);
      const users = Array.from({ length: 200 }, (_, index) => toRecipientKey(`user-${index}`));
      await store.upsertRecipients(
        [...users, toRecipientKey({ collection: "projects", id: "p1" })].map((key) => ({ key, properties: {} })),
        NOW,
      );
      const object = toRecipientKey({ collection: "projects", id: "p1" });
      await store.upsertSubscriptions(
        users.map((recipient) => ({ object, recipient, properties: {} })),
        NOW,
      );
      await store.addAudienceMembers(
        "beta",
        users.map((recipient) => ({ recipient, tenant: null })),
        NOW,
      );
      await withClient(location, (client) => client.query("ANALYZE"));
      const plans = recordPlans();
      await readLists(store);
      const large = plans
        .filter(({ sql }) => / ORDER BY .*LIMIT \d+(?:\) page\) counted WHERE .*)?$/s.test(sql))
        .flatMap(({ sql, plan }) => {
          const steps = listLargeSteps(plan);
          if (plan["Total Cost"] >= AVOIDED_COST) steps.push("a step that the planner was told to avoid");
          return steps.map((step) => `${step}: ${sql}`);
        });
      expect(large).toEqual([]);
      expect(plans.length).toBeGreaterThan(60);
      await store.close();
      await dropDatabase(location);
    },
  );

  it("read few rows that do not match a time, an engagement, errors, IDs, a status of the past, a subscriber or a collection", async () => {
    const location = await createStoreDatabase({ createForTests: true });
    const store = await openPostgresStore(location, { createForTests: true });
    const { db } = store as unknown as { db: Connection };
    await fillStore(store, ROWS + 1_000);
    const [times] = (await db.all(
      "SELECT min(inserted_at) AS first, max(inserted_at) AS last, (SELECT inserted_at FROM messages ORDER BY row OFFSET 500 LIMIT 1) AS early FROM messages",
    )) as [{ first: number; last: number; early: number }];
    await db.run("UPDATE messages SET archived_at = $1 WHERE row = (SELECT min(row) FROM messages)", NOW);
    const project = toRecipientKey({ collection: "projects", id: "p1" });
    const users = Array.from({ length: 500 }, (_, index) => toRecipientKey(`user-${index}`));
    await store.upsertSubscriptions(
      users.map((recipient) => ({ object: project, recipient, properties: {} })),
      NOW,
    );
    const projects = Array.from({ length: 200 }, (_, index) =>
      toRecipientKey({ collection: "projects", id: `${index}` }),
    );
    await store.upsertRecipients(
      [...users, ...projects].map((key) => ({ key, properties: {} })),
      NOW,
    );
    await db.all("VACUUM ANALYZE");
    const plans = recordPlans("ANALYZE, ");
    const { first, last, early } = times;
    const found: number[] = [];
    for (const bounds of [
      { lt: first },
      { gt: last },
      { gte: first, lte: first },
      { gte: first, lte: last },
      { gte: first },
      { lte: early },
    ]) {
      const { gte = bounds.gt, lte = bounds.lt } = bounds;
      const messages = await store.listMessages({ inserted_at: bounds }, PAGE);
      const runs = await store.listRecipientRuns({ starting_at: gte, ending_at: lte }, PAGE);
      found.push(messages.items.length);
      if (bounds.gt === undefined && bounds.lt === undefined) expect(runs.items).toHaveLength(messages.items.length);
    }
    expect(found).toEqual([0, 0, 3, 20, 20, 20]);
    for (const status of ["archived", "interacted", "link_clicked"] as const)
      found.push((await store.listMessages({ engagement_statuses: [status] }, PAGE)).items.length);
    found.push((await store.listRecipientRuns({ has_errors: true }, PAGE)).items.length);
    for (const filter of [{}, { tenant: "acme" }, { workflow: "invite" }])
      found.push((await store.listRecipientRuns({ ...filter, status: "paused" }, PAGE)).items.length);
    for (const filter of [{}, { tenant: "acme" }, { channel: "in-app-feed" }])
      found.push((await store.listMessages({ ...filter, status: "queued" }, PAGE)).items.length);
    expect(found.slice(-10)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(RUN_STATUSES.filter((status) => status >= "p")).toEqual(RUN_STATUSES.filter((one) => !hasEndedStatus(one)));
    await store.listMessages({ ids: ["x", "y"] }, PAGE);
    for (const collection of ["$users", "projects"])
      await readPages((page) => store.listRecipients({ collection }, { ...PAGE, ...page }));
    await store.listSubscriptions({ recipient: toRecipientKey("last") }, PAGE);
    await store.listSubscriptions({ object: project, recipients: [toRecipientKey("last")] }, PAGE);
    expect(plans.filter(({ plan }) => countRemovedRows(plan) > PAGE.limit).map(({ sql }) => sql)).toEqual([]);
    expect(plans.length).toBeGreaterThan(16);
    await store.close();
    await dropDatabase(location);
  });

  it("look up rows in one partition of each table", async () => {
    const location = await createStoreDatabase({ createForTests: true });
    const store = await openPostgresStore(location, { createForTests: true });
    const { db } = store as unknown as { db: Connection };
    for (let index = 0; index < 3; index++) {
      await store.writeClock({ offset_ms: index * MONTH, frozen_at: null });
      await eventually(() => growPartitions(db));
      await fillStore(store, 1_000);
    }
    await db.all("ANALYZE");
    const rows = await db.all<{ row: number }>("SELECT row FROM messages_2 ORDER BY row LIMIT 5");
    const list = `SELECT m.id ${FROM_MESSAGES} WHERE m.row = ANY($1::bigint[])`;
    const update =
      "UPDATE recipient_runs r SET updated_at = r.updated_at FROM messages m WHERE m.row = ANY($1::bigint[]) AND r.row = m.recipient_run";
    for (const sql of [list, update]) {
      const [explained] = await db.all<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
        rows.map(({ row }) => row),
      );
      const read = listReadRelations((explained as { "QUERY PLAN": [{ Plan: PlanNode }] })["QUERY PLAN"][0].Plan);
      const partitions = read.filter((name) => /^(?:messages|recipient_runs)_/.test(name));
      expect([...new Set(partitions)].toSorted()).toEqual(["messages_2", "recipient_runs_2"]);
    }
    await store.close();
    await dropDatabase(location);
  });

  it("read hundreds of recipients by index, also from a small table", async () => {
    const location = await createStoreDatabase({ createForTests: true });
    const store = await openPostgresStore(location, { createForTests: true });
    const users = Array.from({ length: ROWS }, (_, index) => toRecipientKey(`user-${index}`));
    await store.upsertRecipients(
      users.map((key) => ({ key, properties: {} })),
      NOW,
    );
    await withClient(location, (client) => client.query("ANALYZE"));
    const plans = recordPlans();
    const read = await store.readRecipients(users.slice(0, 500));
    expect([...read.keys()].sort()).toEqual(users.slice(0, 500).sort());
    expect(plans.flatMap(({ plan }) => listLargeSteps(plan))).toEqual([]);
    await store.close();
    await dropDatabase(location);
  });

  it("find the runs of a job without those that were due since the last vacuum", async () => {
    const location = await createStoreDatabase({ createForTests: true });
    const store = await openPostgresStore(location, { createForTests: true });
    const { db } = store as unknown as { db: Connection };
    await fillStore(store, ROWS);
    await db.run("UPDATE recipient_runs SET due_at = $1", NOW);
    await db.run("UPDATE recipient_runs SET due_at = NULL WHERE row % 2 = 0");
    await db.all("ANALYZE");
    const plans = recordPlans();
    const claim = async (scope: WorkScope): Promise<string[]> => {
      plans.length = 0;
      const runs = await store.claimDueRuns({ now: NOW, leaseMs: 1_000, token: "t", scope }, 500);
      expect(runs.length).toBeGreaterThan(0);
      const [found] = plans.filter(({ sql }) => sql.includes("FROM recipient_runs t"));
      return listScans((found as { plan: PlanNode }).plan, "recipient_runs");
    };
    const [{ to }] = (await db.all("SELECT max(row) AS to FROM recipient_runs")) as [{ to: number }];
    expect(await claim({ heldByJob: true, rows: { from: to - 99, to } })).toEqual(["Index Scan recipient_runs_1_pkey"]);
    for (const scope of [{ rows: { from: 0, to: 1_000_000 } }, { shards: { from: 0, to: 15 } }])
      expect(await claim({ heldByJob: true, ...scope })).toEqual([expect.stringMatching(/^Index Scan .*due_at_row/)]);
    await store.close();
    await dropDatabase(location);
  });
});
