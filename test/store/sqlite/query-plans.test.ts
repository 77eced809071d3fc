import { expect, it } from "vitest";
import type { MessageQuery, RunQuery } from "../../../src/ports/filters.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import type { SqliteStore } from "../../../src/store/sqlite/sqlite-store.js";
import { claimAt } from "../../contract/store/due-work-contract.js";
import { applyRandomOperation, createRandom } from "../../contract/store/random-operations.js";
import { joinSample } from "../../contract/store/sample-batches.js";
import { HOUR, insertSample, NOW, user } from "../../contract/store/sample-runs.js";

const OPERATIONS = 80;
const PAGE = { limit: 5 };

/** Tables that grow with each trigger, with their aliases in statements. */
const SCAN_OF_GROWING_TABLE =
  /^SCAN (?:messages|recipient_runs|workflow_runs|batches|batch_activities|delivery_logs|[imrqwab])\b/;
/** Statements that read a few rows from the end of a table, or that delete everything. */
const READS_FEW_ROWS = /ORDER BY (?:[imr]\.)?row (?:DESC|ASC) LIMIT|LIMIT 1$|^DELETE FROM \w+$/;

const MESSAGE_FILTERS: MessageQuery[] = [
  { recipient: user("ana") },
  { recipient: user("ana"), status: "delivered" },
  { workflow_run_id: "x" },
  { recipient_run_id: "x" },
  { ids: ["x"] },
];
const RUN_FILTERS: RunQuery[] = [{ recipient: user("ana") }, { workflow_run_id: "x" }];

/** Records the statements that a store prepares. */
function recordStatements({ db }: SqliteStore): Set<string> {
  const statements = new Set<string>();
  for (const name of ["prepare", "prepareList"] as const) {
    const prepare = db[name];
    db[name] = <Row>(sql: string) => {
      statements.add(sql);
      const prepareRow = prepare<Row>;
      return prepareRow.call(db, sql);
    };
  }
  return statements;
}

const explain = ({ db }: SqliteStore, sql: string): string[] =>
  db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => detail);

it("no statement scans a table that grows with each trigger", async () => {
  const store = await openSqliteStore(":memory:");
  const statements = recordStatements(store);
  const random = createRandom(5);
  for (let count = 0; count < OPERATIONS; count++) await applyRandomOperation(store, random);
  const { run, messages } = await insertSample(store, { recipients: ["ana", "bo"], run: { cancellation_key: "k" } });
  const { cursor } = await store.readNewMessages(null);
  await store.readNewMessages(cursor);
  for (const filter of MESSAGE_FILTERS) await store.listMessages(filter, PAGE);
  for (const filter of RUN_FILTERS) await store.listRecipientRuns(filter, PAGE);
  await store.listFeed({ recipient: user("ana"), status: "unread" }, PAGE);
  await store.readWorkflowRun(run.id);
  await store.readRecipientRun(messages[0]?.recipient_run_id ?? "");
  await store.readDeliveryLogs(messages[0]?.id ?? "");
  await store.readGuideMessages(user("ana"));
  await store.resetGuide(user("ana"), { key: "tour", scope: "global" }, null);
  for (const kind of ["message", "recipient_run", "workflow_run", "schedule"] as const)
    await store.listIdsByPrefix(kind, "x", 2);
  for (let n = 0; n < 110; n++) await joinSample(store, { data: { n }, cancellation_key: `k${n}` });
  await store.cancelRuns({ workflow: "digest", cancellation_key: "k3", recipients: null, at: NOW });
  await store.claimDueRuns(claimAt(NOW + HOUR, "t"), 5);
  await store.readNextDueAt();
  await store.listDueKinds(NOW);
  const lists = { workflowRunIds: [run.id], recipientRunIds: messages.map(({ recipient_run_id: id }) => id) };
  for (const scope of [{ channel: "c" }, { ...lists, messageIds: ["x"], scheduleIds: ["x"], users: [user("ana")] }])
    await store.listDueKinds(NOW, scope);

  const scans = [...statements]
    .filter((sql) => /^(?:SELECT|INSERT|UPDATE|DELETE|WITH)/.test(sql) && !READS_FEW_ROWS.test(sql))
    .flatMap((sql) =>
      explain(store, sql)
        .filter((step) => SCAN_OF_GROWING_TABLE.test(step))
        .map((step) => `${step}: ${sql}`),
    );
  expect(scans).toEqual([]);
  expect(statements.size).toBeGreaterThan(80);
  await store.close();
});

it("lists and counts compare the columns of an index, and read only rows that match", async () => {
  const store = await openSqliteStore(":memory:");
  const statements = recordStatements(store);
  const status = "queued";
  const filters = [{ status }, { tenant: "acme", status }, { workflow: "digest" }] as (MessageQuery & RunQuery)[];
  const messageFilters: MessageQuery[] = [
    ...[{ channel: "feed" }, { inserted_at: { lt: NOW } }, { engagement_statuses: ["archived" as const] }],
    ...filters,
  ];
  for (const filter of messageFilters) await store.listMessages(filter, PAGE);
  for (const filter of [...filters, { has_errors: true }, { ending_at: NOW }])
    await store.listRecipientRuns(filter, PAGE);
  await store.listMessages({ recipient: user("ana"), status: "bounced", tenant: "acme" }, PAGE);
  await store.listFeed({ recipient: user("ana"), tenant: "acme", status: "unread" }, PAGE);
  const reads = new Set(
    [...statements].flatMap((sql) => explain(store, sql)).filter((step) => /^(?:SCAN|SEARCH) i\b/.test(step)),
  );
  expect(reads).toEqual(
    new Set([
      "SCAN i USING COVERING INDEX messages_for_lists",
      "SCAN i USING COVERING INDEX recipient_runs_for_lists",
      "SEARCH i USING COVERING INDEX messages_by_recipient (recipient=?)",
    ]),
  );
  await store.close();
});

it("lists that contain a part of a table, and deletions, find their rows by an index without sorting", async () => {
  const store = await openSqliteStore(":memory:");
  await insertSample(store, { recipients: ["ana"] });
  const statements = recordStatements(store);
  await store.listRecipients({ collection: "$users" }, PAGE);
  await store.listRecipients({ collection: null }, PAGE);
  await store.listAudienceMembers("vip", PAGE);
  await store.listSubscriptions({ object: user("ana") }, PAGE);
  await store.listSubscriptions({ recipient: user("ana") }, PAGE);
  await store.listSchedules({ workflow: "digest" }, PAGE);
  await store.listSchedules({ recipients: [user("ana")] }, PAGE);
  await store.readGuideMessages(user("ana"));
  await store.upsertRecipients([{ key: user("ana"), properties: {} }], NOW);
  await store.deleteRecipients([user("ana")]);
  const plans = [...statements]
    .filter((sql) => /^(?:SELECT|DELETE|UPDATE)/.test(sql))
    .flatMap((sql) => explain(store, sql).map((step) => ({ sql, step })));
  // The whole of a partial index, and the few messages of guides.
  const allowed = /^SCAN r USING INDEX recipients_except_users|FROM messages m INDEXED BY messages_by_guide/;
  const slow = plans
    .filter(({ step }) => /^SCAN (?!asked|block|json_each|CONSTANT)|TEMP B-TREE FOR ORDER BY/.test(step))
    .filter(({ sql, step }) => !allowed.test(`${step}: ${sql}`));
  expect(slow.map(({ sql, step }) => `${step}: ${sql}`)).toEqual([]);
  const indexes = [
    ...["recipients_by_collection", "recipients_except_users", "audience_members_in_order", "subscriptions_in_order"],
    ...["subscriptions_by_recipient", "schedules_by_workflow", "schedules_by_recipient", "messages_by_guide"],
    "frequency_claims_by_recipient",
  ];
  const used = plans.map(({ step }) => / INDEX (\w+)/.exec(step)?.[1]);
  expect(indexes.filter((index) => !used.includes(index))).toEqual([]);
  await store.close();
});
