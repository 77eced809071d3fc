import { expect, it } from "vitest";
import type { MessageQuery, RunQuery } from "../../../src/ports/filters.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import type { SqliteStore } from "../../../src/store/sqlite/sqlite-store.js";
import { claimAt } from "../../contract/store/due-work-contract.js";
import { applyRandomOperation, createRandom } from "../../contract/store/random-operations.js";
import { joinSample } from "../../contract/store/sample-batches.js";
import { HOUR, insertSample, NOW, saveAll, user, waitingAt } from "../../contract/store/sample-runs.js";

const OPERATIONS = 80;
const PAGE = { limit: 5 };

/** Tables that grow with each trigger, with their aliases in statements. */
const SCAN_OF_GROWING_TABLE =
  /^SCAN (?:messages|recipient_runs|workflow_runs|batches|batch_activities|delivery_logs|row_blocks|[mrqwab])\b/;
/** Statements that read a few rows from the end of a table, or that delete everything. */
const READS_FEW_ROWS = /ORDER BY (?:[mr]\.)?row (?:DESC|ASC) LIMIT|LIMIT 1$|^DELETE FROM \w+$/;

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
    const prepare = db[name].bind(db);
    db[name] = (sql) => {
      statements.add(sql);
      return prepare(sql);
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

it("lists by a status that rows have only for a while find the rows by an index", async () => {
  const store = await openSqliteStore(":memory:");
  const statements = recordStatements(store);
  await insertSample(store, { recipients: ["ana", "bo"], recipientRun: waitingAt(NOW), message: { status: "queued" } });
  const claimed = await store.claimDueRuns(claimAt(NOW, "t"), 1);
  const completed = claimed.map(({ recipientRun }) => ({
    recipientRun: { ...recipientRun, status: "completed" as const, due_at: null },
    messages: [],
  }));
  await saveAll(store, completed, "t");
  const lists = [
    ...[{ status: "paused" }, { statuses: ["queued", "processing", "paused"] }].map((filter) =>
      store.listRecipientRuns(filter as RunQuery, PAGE),
    ),
    ...[{ status: "queued" }, { statuses: ["queued", "delivery_attempted"] }].map((filter) =>
      store.listMessages(filter as MessageQuery, PAGE),
    ),
  ];
  expect((await Promise.all(lists)).map(({ items }) => items.length)).toEqual([1, 1, 2, 2]);
  const searches = [...statements].filter((sql) =>
    /^SELECT M(?:AX|IN)\(row\) FROM (?:messages|recipient_runs)/.test(sql),
  );
  expect(new Set(searches.flatMap((sql) => explain(store, sql)))).toEqual(
    new Set([
      "SEARCH messages USING COVERING INDEX messages_passing (status=? AND rowid<?)",
      "SEARCH recipient_runs USING COVERING INDEX recipient_runs_passing (status=? AND rowid<?)",
    ]),
  );
  const blocks = store.db.all<{ value: string }>("SELECT value FROM row_blocks WHERE name LIKE '%.status'");
  expect(blocks.map(({ value }) => value)).toEqual(["completed"]);
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
    .filter((sql) => /^(?:SELECT|DELETE|UPDATE)/.test(sql) && !sql.startsWith("SELECT 1 FROM feed_counts"))
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
