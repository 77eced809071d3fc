import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../src/domain/run/outcome.js";
import type { RunEvent } from "../../../src/domain/run/workflow-run.js";
import { packRunEvents, unpackRunEvents } from "../../../src/store/rows/event-codec.js";
import { packSteps, unpackSteps } from "../../../src/store/rows/step-codec.js";
import { Connection } from "../../../src/store/sqlite/connection/connection.js";
import { openDatabase } from "../../../src/store/sqlite/connection/driver.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { SharedRows } from "../../../src/store/sqlite/run/shared-rows.js";
import type { JsonObject } from "../../../src/util/json.js";
import { insertSample, NOW } from "../../contract/store/sample-runs.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-rows-"));
  path = join(folder, "knock.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SOURCE = '{{ recipient.name }} said "hi" ✓\n';
const CONTENT: JsonObject = {
  __typename: "MessageInAppFeedContent",
  blocks: [
    { type: "markdown", name: "body", content: SOURCE, rendered: "<p>Ada said</p>" },
    { type: "text", name: "action_url", content: "{{ vars.url }}/inbox", rendered: "https://example.com/inbox" },
    { type: "button_set", name: "actions", buttons: [{ name: "primary", label: "Open", action: "/" }] },
  ],
};
const CHANNEL_STEP: StepOutcome = {
  ref: "in_app_feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel: "in-app-feed",
  outcome: "sent",
  reason: null,
  message_id: "3MhIbGX1HCWJN0hoYgjmf5jz5IM",
  message_status: null,
};
const STEPS: StepOutcome[] = [
  CHANNEL_STEP,
  {
    ...CHANNEL_STEP,
    ref: "chat_1",
    channel: null,
    outcome: "skipped",
    reason: { code: "preference", detail: 'a "b"' },
  },
  { ...CHANNEL_STEP, ref: "push_1", message_ids: ["a", "b"] },
  { ref: "delay_1", type: "delay", outcome: "passed", reason: null },
  { ref: "batch_1", type: "batch", outcome: "waiting", reason: null, until: "2026-11-24T10:05:00.000Z" },
  { ref: "wait_1", type: "wait_for_event", outcome: "waiting", reason: null, until: null },
  { ref: "branch_1", type: "branch", outcome: "passed", reason: null, branch: "Default" },
];

function queryRows(sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare(sql).all() as Record<string, unknown>[];
  database.close();
  return rows.map((row) => ({ ...row }));
}

/** Returns JSON text, which also compares the order of keys. */
const toText = (value: unknown): string => JSON.stringify(value);

describe("steps", () => {
  it("are stored as tuples and read the same to the byte", () => {
    const text = packSteps(STEPS);
    expect(toText(unpackSteps(text))).toBe(toText(STEPS));
    expect(text.startsWith('[["in_app_feed_1","channel","sent",null,"in_app_feed"')).toBe(true);
    expect(packSteps([CHANNEL_STEP]).length).toBeLessThan(toText([CHANNEL_STEP]).length * 0.6);
  });

  it("are read the same to the byte, whatever keys they have and in whatever order", () => {
    const step = { ...STEPS[1], until: null, branch: "b", guide: "g", message_ids: ["a"] };
    const subset = fc.shuffledSubarray(Object.entries(step), { minLength: 3 });
    fc.assert(
      fc.property(fc.array(subset, { maxLength: 3 }), (entries) => {
        const steps = entries.map((entry) => Object.fromEntries(entry) as StepOutcome);
        expect(toText(unpackSteps(packSteps(steps)))).toBe(toText(steps));
      }),
    );
  });

  it("omit undefined values as JSON does", () => {
    const step: StepOutcome = { ref: "a", type: "delay", outcome: "waiting", reason: null, until: undefined };
    expect(toText(unpackSteps(packSteps([step])))).toBe(toText([step]));
  });
});

describe("events", () => {
  it("name a step once if several in a row belong to it, and are read the same to the byte", () => {
    const event = fc.record({
      event: fc.constantFrom("message_enqueued", "step_completed"),
      status: fc.constantFrom("ok", "error"),
      step_ref: fc.constantFrom(null, "email_1", "delay_1"),
      step_type: fc.constantFrom(null, "channel", "delay"),
      attempt: fc.constantFrom(1, 2),
      data: fc.constantFrom(null, { a: [0] }),
      at: fc.constantFrom(NOW, NOW + 5),
    }) as fc.Arbitrary<RunEvent>;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), (events) => {
        const text = packRunEvents(events, NOW);
        expect(toText(unpackRunEvents(text, NOW))).toBe(toText(events));
        const [first] = events;
        if (!first || first.step_ref === null) return;
        const repeated = packRunEvents([first, first, first], NOW);
        expect(repeated.split(`"${first.step_ref}"`)).toHaveLength(2);
      }),
    );
  });
});

describe("the sources of templates", () => {
  it("are stored once for all messages of a step, and the content is read the same to the byte", async () => {
    const store = await openSqliteStore(path);
    const before = toText(CONTENT);
    const other = { ...CONTENT, blocks: [{ type: "markdown", name: "body", content: SOURCE, rendered: "" }] };
    for (const content of [CONTENT, CONTENT, other])
      await insertSample(store, { recipients: ["ada", "bo"], message: { content } });
    expect(toText(CONTENT)).toBe(before);
    const { items } = await store.listMessages({}, { limit: 9 });
    expect(items.map(({ content }) => toText(content))).toEqual([
      ...[1, 2].map(() => toText(other)),
      ...[3, 4, 5, 6].map(() => before),
    ]);
    await store.close();
    expect(queryRows("SELECT count(*) AS count FROM template_sources")).toEqual([{ count: 2 }]);
    for (const { content } of queryRows("SELECT content FROM messages"))
      expect(content).not.toContain("recipient.name");
  });

  it("are shared by processes", async () => {
    const stores = [await openSqliteStore(path), await openSqliteStore(path)];
    for (const store of stores) await insertSample(store, { recipients: ["ada"], message: { content: CONTENT } });
    for (const store of stores) {
      expect((await store.listMessages({}, { limit: 9 })).items).toHaveLength(2);
      await store.close();
    }
    expect(queryRows("SELECT count(*) AS count FROM template_sources")).toEqual([{ count: 1 }]);
  });

  it.each(["recipient.name", 'said "HI" ✓', "vars.url"])("are searched as part of the content: %s", async (text) => {
    const store = await openSqliteStore(path);
    await insertSample(store, { recipients: ["ada"], message: { content: CONTENT } });
    expect((await store.listMessages({ text }, { limit: 9 })).items).toHaveLength(1);
    await store.close();
  });

  it("are inserted again after the transaction that inserted them was rolled back", async () => {
    await (await openSqliteStore(path)).close();
    const db = new Connection(await openDatabase(path, { readOnly: false }), path);
    const shared = new SharedRows(db);
    const upsert = (): number => shared.upsertTemplateSources([SOURCE]);
    expect(() =>
      db.write(() => {
        upsert();
        throw new Error("stop");
      }),
    ).toThrow("stop");
    const row = db.write(upsert);
    expect(new SharedRows(db).readTemplateSources(row)).toEqual([SOURCE]);
    db.close();
  });

  it("stay in the content of other channels, whose content may have blocks of another meaning", async () => {
    const store = await openSqliteStore(path);
    const channel = { id: "g", key: "guides", type: "in_app_guide", provider: "guide" } as const;
    await insertSample(store, { recipients: ["ada"], message: { content: CONTENT, channel } });
    expect(toText((await store.listMessages({}, { limit: 9 })).items[0]?.content)).toBe(toText(CONTENT));
    await store.close();
    expect(queryRows("SELECT count(*) AS count FROM template_sources")).toEqual([{ count: 0 }]);
  });
});
