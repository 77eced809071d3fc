import { describe, expect, it } from "vitest";
import type { MessageFilter, RunFilter } from "../../../src/ports/filters.js";
import type { Paged, PageRequest } from "../../../src/ports/page-request.js";
import { insertSample, NOW, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const SMS = { id: "0b0c0d0e-0000-4000-8000-000000000002", key: "twilio", type: "sms", provider: "sms_twilio" } as const;

export function describeLists(open: OpenStore): void {
  const runs = async (
    filter: RunFilter,
    page: PageRequest = { limit: 50 },
  ): Promise<{ names: string[]; page_info: Paged<never>["page_info"] }> => {
    const { items, page_info } = await open.store.listRecipientRuns(filter, page);
    return { names: items.map(({ recipientRun }) => recipientRun.recipient.replace("$users/", "")), page_info };
  };
  const messages = async (
    filter: MessageFilter,
    page: PageRequest = { limit: 50 },
  ): Promise<{ names: string[]; page_info: Paged<never>["page_info"] }> => {
    const { items, page_info } = await open.store.listMessages(filter, page);
    return { names: items.map(({ recipient }) => recipient.replace("$users/", "")), page_info };
  };

  describe.each([
    ["listRecipientRuns", runs],
    ["listMessages", messages],
  ] as const)("%s pages", (_name, list) => {
    it("are one empty page if there are no items", async () => {
      expect(await list({})).toEqual({ names: [], page_info: { after: null, before: null, page_size: 50 } });
    });

    it("list all items, newest first, forward and backward", async () => {
      for (const id of ["a", "b"]) await insertSample(open.store, { recipients: [id] });
      await insertSample(open.store, { recipients: ["c", "d", "e"] });
      const first = await list({}, { limit: 2 });
      expect(first.names).toEqual(["e", "d"]);
      expect(first.page_info.before).toBeNull();
      const second = await list({}, { limit: 2, after: first.page_info.after! });
      expect(second.names).toEqual(["c", "b"]);
      const third = await list({}, { limit: 2, after: second.page_info.after! });
      expect(third.names).toEqual(["a"]);
      expect(third.page_info.after).toBeNull();
      const back = await list({}, { limit: 2, before: third.page_info.before! });
      expect(back).toEqual(second);
      expect(await list({}, { limit: 2, before: back.page_info.before! })).toEqual(first);
      expect((await list({}, { limit: 5 })).page_info).toEqual({ after: null, before: null, page_size: 5 });
    });

    it("neither repeat nor miss an item while newer ones are added", async () => {
      await insertSample(open.store, { recipients: ["a", "b", "c"] });
      const first = await list({}, { limit: 1 });
      await insertSample(open.store, { recipients: ["d"] });
      expect((await list({}, { limit: 5, after: first.page_info.after! })).names).toEqual(["b", "a"]);
      const rest = await list({}, { limit: 1, after: first.page_info.after! });
      expect((await list({}, { limit: 5, before: rest.page_info.before! })).names).toEqual(["d", "c"]);
    });

    it("ignore items outside the filter", async () => {
      await insertSample(open.store, { workflow: "other", recipients: ["x"] });
      await insertSample(open.store, { recipients: ["a", "b"] });
      await insertSample(open.store, { workflow: "other", recipients: ["y"] });
      const first = await list({ workflow: "new-comment" }, { limit: 1 });
      expect(first.names).toEqual(["b"]);
      const last = await list({ workflow: "new-comment" }, { limit: 1, after: first.page_info.after! });
      expect(last.names).toEqual(["a"]);
      expect(last.page_info.after).toBeNull();
      const top = await list({ workflow: "new-comment" }, { limit: 1, before: last.page_info.before! });
      expect(top).toEqual(first);
    });

    it("have a cursor back from an empty page", async () => {
      await insertSample(open.store, { recipients: ["a", "b"] });
      const first = await list({}, { limit: 1 });
      const beyond = await list({ workflow: "none" }, { limit: 1, after: first.page_info.after! });
      expect(beyond).toEqual({ names: [], page_info: { after: null, before: null, page_size: 1 } });
      const filtered = await list({ recipient: user("b") }, { limit: 1, after: first.page_info.after! });
      expect(filtered.names).toEqual([]);
      expect((await list({ recipient: user("b") }, { limit: 1, before: filtered.page_info.before! })).names).toEqual([
        "b",
      ]);
    });

    it.each([
      [{ after: "nonsense" }, "/after"],
      [{ after: "" }, "/after"],
      [{ before: "cnVuczotMQ" }, "/before"],
      [{ after: Buffer.from("feeds:1").toString("base64url") }, "/after"],
    ])("reject the cursor %j", async (page, pointer) => {
      await expect(list({}, { limit: 1, ...page })).rejects.toMatchObject({
        code: "invalid_params",
        details: [{ pointer }],
      });
    });

    it("reject both cursors at once", async () => {
      await insertSample(open.store, { recipients: ["a", "b"] });
      const after = (await list({}, { limit: 1 })).page_info.after!;
      await expect(list({}, { limit: 1, after, before: after })).rejects.toMatchObject({
        code: "invalid_params",
        details: [{ pointer: "/before" }],
      });
    });
  });

  it("a list rejects a cursor of another list", async () => {
    await insertSample(open.store, { recipients: ["a", "b"] });
    const { after } = (await runs({}, { limit: 1 })).page_info;
    await expect(messages({}, { limit: 1, after: after! })).rejects.toMatchObject({ code: "invalid_params" });
  });

  describe("filters", () => {
    it("with a NUL character or half a surrogate pair select nothing", async () => {
      await insertSample(open.store, { workflow: "w1", recipients: ["a"], run: { tenant: "acme" } });
      for (const text of ["w1\0", "\0", "w1\ud800"]) {
        expect((await runs({ workflow: text })).names).toEqual([]);
        expect((await runs({ workflow_run_id: text })).names).toEqual([]);
        expect((await runs({ recipient: user(text) })).names).toEqual([]);
        expect((await messages({ workflow: text })).names).toEqual([]);
        expect((await messages({ tenant: text })).names).toEqual([]);
        expect(await open.store.readMessages([text])).toEqual([]);
        expect((await open.store.readRecipients([user(text)])).size).toBe(0);
        expect((await open.store.listRecipients({ collection: null, name: text }, { limit: 5 })).items).toEqual([]);
        expect((await open.store.listSchedules({ workflow: text }, { limit: 5 })).items).toEqual([]);
      }
    });

    it("select recipient runs, alone and combined", async () => {
      const acme = await insertSample(open.store, { workflow: "w1", recipients: ["a", "b"], run: { tenant: "acme" } });
      await insertSample(open.store, { workflow: "w2", recipients: ["a", "c"], recipientRun: waitingAt(NOW) });
      expect((await runs({ workflow: "w2" })).names).toEqual(["c", "a"]);
      expect((await runs({ workflow_run_id: acme.run.id })).names).toEqual(["b", "a"]);
      expect((await runs({ workflow_run_id: "unknown" })).names).toEqual([]);
      expect((await runs({ recipient: user("a") })).names).toEqual(["a", "a"]);
      expect((await runs({ status: "paused" })).names).toEqual(["c", "a"]);
      expect((await runs({ tenant: "acme" })).names).toEqual(["b", "a"]);
      expect(
        (
          await runs({
            workflow: "w1",
            workflow_run_id: acme.run.id,
            recipient: user("b"),
            status: "completed",
            tenant: "acme",
          })
        ).names,
      ).toEqual(["b"]);
      expect((await runs({ workflow: "w1", recipient: user("c") })).names).toEqual([]);
    });

    it("select messages, a channel by key or ID", async () => {
      const acme = await insertSample(open.store, {
        workflow: "w1",
        recipients: ["a", "b"],
        run: { tenant: "acme" },
        message: { channel: SMS, status: "sent" },
      });
      await insertSample(open.store, { workflow: "w2", recipients: ["a", "c"] });
      expect((await messages({ workflow: "w1" })).names).toEqual(["b", "a"]);
      expect((await messages({ workflow_run_id: acme.run.id })).names).toEqual(["b", "a"]);
      expect((await messages({ recipient_run_id: acme.recipientRuns[0]!.id })).names).toEqual(["a"]);
      expect((await messages({ recipient: user("a") })).names).toEqual(["a", "a"]);
      expect((await messages({ channel: "twilio" })).names).toEqual(["b", "a"]);
      expect((await messages({ channel: SMS.id })).names).toEqual(["b", "a"]);
      expect((await messages({ channel: "unknown" })).names).toEqual([]);
      expect((await messages({ status: "delivered" })).names).toEqual(["c", "a"]);
      expect((await messages({ tenant: "acme" })).names).toEqual(["b", "a"]);
      const all = {
        workflow: "w1",
        workflow_run_id: acme.run.id,
        recipient_run_id: acme.recipientRuns[1]!.id,
        recipient: user("b"),
        channel: "twilio",
        status: "sent",
        tenant: "acme",
      } as const;
      expect((await messages(all)).names).toEqual(["b"]);
    });

    it("return complete items", async () => {
      const made = await insertSample(open.store, { recipients: ["a", "b"], run: { tenant: "acme" } });
      expect((await open.store.listRecipientRuns({}, { limit: 5 })).items).toEqual(
        [...made.recipientRuns]
          .reverse()
          .map((recipientRun) => ({ run: made.run, recipientRun, version: made.version })),
      );
      expect((await open.store.listMessages({}, { limit: 5 })).items).toEqual([...made.messages].reverse());
    });
  });
}
