import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { MessageQuery } from "../../../src/ports/filters.js";
import type { JsonObject } from "../../../src/util/json.js";
import { readRuns } from "./read-runs.js";
import { insertSample, NOW, sampleVersion, user, waitingAt } from "./sample-runs.js";
import { sampleSchedule } from "./sample-schedules.js";
import type { OpenStore } from "./store-contract.js";

/** Texts that a database cannot store or decode, with the stored texts. */
const REPLACED: [name: string, text: string, stored: string][] = [
  ["the first half of a surrogate pair", "cut \ud83d", "cut \ufffd"],
  ["the second half of a surrogate pair", "\ude00 cut", "\ufffd cut"],
  ["halves in the wrong order", "\ude00\ud83d", "\ufffd\ufffd"],
  ["a NUL", "a\0b", "a\ufffdb"],
];
/** Texts that look like the escape sequences of the others. */
const KEPT = ["\\u0000", "C:\\ud83d\\", '\\\\u0000"', "🚀\u0001", "\\\ufffd"];

export function describeIllFormedText(open: OpenStore): void {
  describe("text that is not well-formed", () => {
    /** Stores a text as key and value in everything that has JSON, and reads all of it. */
    const storeAndRead = async (text: string): Promise<unknown> => {
      const json: JsonObject = { text, [text]: [{ [text]: text }] };
      const { store } = open;
      await store.upsertRecipients([{ key: user("ada"), properties: { name: text, json } }], NOW);
      const pair = {
        object: toRecipientKey({ collection: "projects", id: "p1" }),
        recipient: user("ada"),
        properties: json,
      };
      await store.upsertSubscriptions([pair], NOW);
      await store.insertSchedules([sampleSchedule({ data: json })]);
      const inserted = await insertSample(store, {
        recipients: ["ada"],
        version: sampleVersion("new-comment", { name: text, categories: ["collab", text] }),
        run: { data: json },
        recipientRun: { ...waitingAt(NOW), data: json },
        message: { content: json, metadata: json, recipient_snapshot: json, data: { ...json } },
      });
      const filter: MessageQuery = { trigger_data: { text, [text]: text }, workflow_categories: [text] };
      const found = await store.listMessages({ ...filter, trigger_data: { text } }, { limit: 9 });
      const feed = { recipient: user("ada"), channel: "in-app-feed", trigger_data: { text } };
      return {
        found: found.items,
        feed: (await store.listFeed(feed, { limit: 9 })).items.map(({ message }) => message),
        none: (await store.listMessages(filter, { limit: 9 })).items,
        named: (await store.listRecipients({ collection: "$users", name: text }, { limit: 9 })).items,
        subscriptions: (await store.listSubscriptions({}, { limit: 9 })).items.map(({ properties }) => properties),
        schedules: (await store.listSchedules({}, { limit: 9 })).items.map(({ data }) => data),
        runs: (await readRuns(store, inserted.run.id)).map(({ data }) => data),
      };
    };
    const expectStored = async (text: string, stored: string): Promise<void> => {
      const json = { text: stored, [stored]: [{ [stored]: stored }] };
      const message = { content: json, metadata: json, recipient_snapshot: json, data: json };
      expect(await storeAndRead(text)).toMatchObject({
        found: [message],
        feed: [message],
        none: [],
        named: [{ properties: { name: stored, json } }],
        subscriptions: [json],
        schedules: [json],
        runs: [json],
      });
    };

    it.each(REPLACED)("has a replacement character for %s, in keys and values", (_name, text, stored) =>
      expectStored(text, stored),
    );

    it.each(KEPT)("is not %j", (text) => expectStored(text, text));

    it("is the same text for batches, throttles and what a filter compares", async () => {
      const { store } = open;
      await insertSample(store, { recipients: ["ada"], run: { data: { text: "x\ud83d" } } });
      const find = async (text: string) => (await store.listMessages({ trigger_data: { text } }, { limit: 9 })).items;
      expect([await find("x\ud83d"), await find("x\ufffd"), await find("x")].map(({ length }) => length)).toEqual([
        1, 1, 0,
      ]);
    });

    it("of rows that an earlier version stored does not break reads of others", async () => {
      const { store } = open;
      for (const text of ["\ud83d", "\0", "whole"])
        await store.upsertRecipients([{ key: user(text === "whole" ? text : "old"), properties: { name: text } }], NOW);
      await insertSample(store, { recipients: ["ada"], run: { data: { text: "whole" } } });
      await insertSample(store, { workflow: "old", recipients: ["ada"], run: { data: { text: "old" } } });
      await open.subject.execute(open.location, [
        `UPDATE recipients SET properties = '{"name":"\\ud83d","\\u0000":"\\\\ud83d"}' WHERE key = '$users/old'`,
        `UPDATE workflow_runs SET data = '{"text":"\\ud83d\\ud83d","\\u0000":"\\\\u0000"}' WHERE workflow = 'old'`,
        `UPDATE workflow_runs SET settings = replace(settings, '{', '{"old":"\\ud83d",')`,
        `UPDATE workflow_versions SET definition = replace(definition, '"name":"', '"name":"\\ud83d\\u0000')`,
      ]);
      const again = await open.openAgain();
      const { items } = await again.listRecipients({ collection: "$users", name: "whole" }, { limit: 9 });
      expect(items.map(({ key }) => key)).toEqual([user("whole")]);
      const feed = { recipient: user("ada"), channel: "in-app-feed", workflow_categories: ["collab"] };
      const texts = async (text: string) =>
        (await again.listFeed({ ...feed, trigger_data: { text } }, { limit: 9 })).items.length;
      expect(await texts("whole")).toBe(1);
      expect((await again.listMessages({ workflow_categories: ["collab"] }, { limit: 9 })).items).toHaveLength(2);
      const cancellation = { workflow: "old", cancellation_key: "none", recipients: null, at: NOW };
      expect((await again.cancelRuns(cancellation)).runs).toEqual([]);
    });
  });
}
