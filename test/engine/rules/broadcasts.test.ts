import { describe, expect, it } from "vitest";
import { parseBroadcastRecipients } from "../../../src/domain/audience/parse-broadcast-recipients.js";
import type { SentBroadcast } from "../../../src/ports/broadcast-service.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { createBroadcasts } from "../../helpers/broadcast-case.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE, T0 } from "../../helpers/case-times.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { formatMessage, formatRuns, withHarness } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const once = { again: false };
const news = (more: JsonObject = {}, ...steps: JsonObject[]): JsonObject => ({
  name: "News",
  steps: steps.length > 0 ? steps : [step.email("S", "{{ recipient.id }} {{ tenant.id }} {{ data.n }}")],
  ...more,
});
const listed = (...list: Json[]) => ({ recipients: parseBroadcastRecipients(list) });
const runsIn = ({ runs }: SentBroadcast) => runs.map(({ tenant, outcome }) => [tenant, formatRuns(outcome)]);
const bodies = async (h: EngineHarness): Promise<string[]> => (await h.listMessages()).map(formatMessage);

async function join(h: EngineHarness, ...members: [user: string, tenant: string | null][]): Promise<void> {
  const body = { members: members.map(([user, tenant]): Json => ({ user, tenant })) };
  await h.engine.resources.audiences.add("beta", body, { create_audience: true });
}

describe("W. Broadcasts", () => {
  it("C-353 E-401 E-161 a broadcast is commercial by default and skips recipients who opted out of commercial messages", () =>
    withHarness(async (h) => {
      await h.engine.resources.preferences.set("bo", "default", { commercial_subscribed: false });
      await join(h, ["ana", null], ["bo", null]);
      const broadcasts = createBroadcasts(h, news());
      expect(runsIn(await broadcasts.send("news", { audience: "beta" }, once))).toEqual([
        [
          null,
          {
            ana: "completed: email_1 sent",
            bo: "completed: email_1 skipped preference (commercial_subscribed = false)",
          },
        ],
      ]);
      broadcasts.write(news({ settings: { is_commercial: false } }));
      await broadcasts.send("news", listed("bo"), { again: true });
      expect(await bodies(h)).toEqual(["ana mail sent: ana  ", "bo mail sent: bo  "]);
    }));

  it("C-354 E-399 canceling a scheduled broadcast makes it a draft again, and nothing is sent", () =>
    withHarness(async (h) => {
      const broadcasts = createBroadcasts(h, news());
      const at = T0 + HOUR;
      expect(await broadcasts.schedule("news", { all_users: true }, { at, again: false })).toMatchObject({
        status: "scheduled",
        scheduled_at: "2025-06-04T11:00:00.000Z",
      });
      expect((await catchRejection(broadcasts.send("news", listed("ana"), once))).code).toBe("conflict");
      expect(await broadcasts.cancel("news")).toMatchObject({ status: "draft", scheduled_at: null, sent_at: null });
      await h.at(2 * HOUR);
      expect(await bodies(h)).toEqual([]);
      expect((await catchRejection(broadcasts.cancel("news"))).code).toBe("conflict");
    }));

  it("E-399 E-397 a broadcast is sent at its scheduled time, as it was scheduled, to the members at that time", () =>
    withHarness(async (h) => {
      await join(h, ["ana", null]);
      const broadcasts = createBroadcasts(
        h,
        news({ target_audience_key: "beta", scheduled_at: "2025-06-04T11:00:00Z" }),
      );
      await broadcasts.schedule("news", null, { at: null, again: false });
      broadcasts.write(news({}, step.email("S", "edited since")));
      await h.at(HOUR - MINUTE);
      expect(await bodies(h)).toEqual([]);
      await join(h, ["bo", null]);
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["ana mail sent: ana  ", "bo mail sent: bo  "]);
      expect(await broadcasts.list()).toMatchObject([{ status: "sent", sent_at: "2025-06-04T11:00:00.000Z" }]);
    }));

  it("E-397 E-398 E-389 a user in two tenants is two recipients, each with its own tenant and data", () =>
    withHarness(async (h) => {
      const sent = await createBroadcasts(h, news()).send(
        "news",
        listed("ana", { id: "ana", tenant: "acme", data: { n: "1" } }, { id: "ana", tenant: "acme" }, "bo"),
        once,
      );
      expect(runsIn(sent)).toEqual([
        [null, { ana: "completed: email_1 sent", bo: "completed: email_1 sent" }],
        ["acme", { ana: "completed: email_1 sent" }],
      ]);
      expect((await bodies(h)).sort()).toEqual([
        "ana mail sent: ana  ",
        "ana mail sent: ana acme 1",
        "bo mail sent: bo  ",
      ]);
      expect((await h.recipient({ collection: "$tenants", id: "acme" }))?.key).toBeDefined();
    }));

  it("E-397 members of a static audience have their tenants; members of a dynamic audience and all users have none", () =>
    withHarness(async (h) => {
      h.defineAudience("pros", { property: "recipient.plan", operator: "equal_to", argument: "pro" });
      await join(h, ["ana", "acme"], ["ana", null], ["bo", "acme"], ["nobody", null]);
      const broadcasts = createBroadcasts(h, news({}, step.feed("F")));
      const to = async (target: Parameters<typeof broadcasts.send>[1]) => {
        const { runs } = await broadcasts.send("news", target, { again: true });
        return runs.map(({ tenant, outcome }) => [
          tenant,
          ...(outcome.recipients ?? []).map(({ recipient }) => recipient),
        ]);
      };
      expect(await to({ audience: "beta" })).toEqual([
        ["acme", "ana", "bo"],
        [null, "ana"],
      ]);
      expect(await to({ audience: "pros" })).toEqual([[null, "ana"]]);
      expect(await to({ all_users: true })).toEqual([[null, "ana", "bo", "cy", "dee", "eli", "fay"]]);
    }));

  it("E-397 E-043 an unidentified user is reported and receives nothing; objects are rejected", () =>
    withHarness(async (h) => {
      const sent = await createBroadcasts(h, news()).send("news", listed("zed"), once);
      expect(runsIn(sent)).toEqual([[null, { zed: "no run recipient_not_found: no steps" }]]);
      expect(() => listed({ collection: "projects", id: "p1" })).toThrow("broadcasts are only sent to users");
    }));

  it("E-396 a broadcast is sent once, and sent again only with `again`", () =>
    withHarness(async (h) => {
      const broadcasts = createBroadcasts(h, news());
      await broadcasts.send("news", listed("ana"), once);
      const refused = await catchRejection(broadcasts.send("news", listed("ana"), once));
      expect([refused.code, refused.hint]).toEqual(["conflict", "Use --again to send it again."]);
      await broadcasts.send("news", listed("ana"), { again: true });
      expect(await bodies(h)).toHaveLength(2);
    }));

  it("E-396 E-010 E-399 delays, branches and waits continue after it is sent, and its runs have the broadcast as trigger source", () =>
    withHarness(async (h) => {
      const branch: JsonObject = {
        ref: "branch_1",
        type: "branch",
        branches: [
          { name: "pro", conditions: buildCondition("recipient.plan", "equal_to", "pro"), steps: [step.feed("pro")] },
          { name: "rest", default: true, steps: [step.feed("rest", {}, "in_app_feed_2")] },
        ],
      };
      const wait = {
        ref: "wait_1",
        type: "wait_for_event",
        settings: {
          event: { event_type: "message", source_type: "broadcast", source_key: "news", event_key: "read" },
          match_conditions: [
            {
              operator: "and",
              conditions: [{ variable: "event.source.type", operator: "equal_to", argument: "broadcast" }],
            },
          ],
          expires_after: { unit: "days", value: 1 },
        },
      };
      const broadcasts = createBroadcasts(
        h,
        news({}, branch, step.delay("hours", 1), wait, step.email("S", "read it")),
      );
      const { runs } = await broadcasts.send("news", listed("ana", "bo"), once);
      await h.at(2 * HOUR);
      const [first] = await h.listMessages("ana");
      await h.markMessage(first as never, "read");
      await h.at(3 * DAY);
      const outcome = await h.readOutcome(runs[0]?.outcome as never);
      expect(formatRuns(outcome)).toEqual({
        ana: "completed: branch_1 passed, in_app_feed_1 sent, delay_1 passed, wait_1 passed, email_1 sent",
        bo: "cancelled: branch_1 passed, in_app_feed_2 sent, delay_1 passed, wait_1 halted wait_expired",
      });
      const { items } = await h.engine.listRecipientRuns({ workflow: "news" }, { limit: 10 });
      expect(items.map(({ trigger_source }) => trigger_source)).toEqual([{ type: "broadcast" }, { type: "broadcast" }]);
      const message = await h.engine.readMessage(String(first?.id));
      expect(message?.source).toMatchObject({
        type: "broadcast",
        key: "news",
        workflow_run_id: outcome.workflow_run_id,
      });
    }));

  it("E-400 a broadcast cannot be triggered as a workflow", () =>
    withHarness(async (h) => {
      await createBroadcasts(h, news()).send("news", listed("ana"), once);
      expect((await catchRejection(h.trigger("news", { recipients: ["ana"] }))).code).toBe("workflow_missing");
    }));

  it("E-397 more users than one chunk each receive one message", () =>
    withHarness(async (h) => {
      await h.identify(...Array.from({ length: 1_200 }, (_, index) => ({ id: `u${index}` })));
      const { runs } = await createBroadcasts(h, news({}, step.feed("F"))).send("news", { all_users: true }, once);
      const users = (runs[0]?.outcome.recipients ?? []).map(({ recipient }) => recipient);
      expect([users.length, new Set(users).size]).toEqual([1_206, 1_206]);
    }));

  it("a broadcast without recipients is rejected, and an empty audience has no runs", () =>
    withHarness(async (h) => {
      const broadcasts = createBroadcasts(h, news());
      expect((await catchRejection(broadcasts.send("news", null, once))).code).toBe("usage");
      expect((await catchRejection(broadcasts.send("news", { audience: "beta" }, once))).code).toBe("resource_missing");
      expect((await catchRejection(broadcasts.send("olds", null, once))).code).toBe("resource_missing");
      const past = broadcasts.schedule("news", { all_users: true }, { at: T0 - 1, again: false });
      expect((await catchRejection(past)).message).toContain("is past");
      await join(h, ["ana", null]);
      await h.engine.resources.audiences.remove("beta", { members: [{ user: "ana" }] });
      expect(runsIn(await broadcasts.send("news", { audience: "beta" }, once))).toEqual([[null, {}]]);
      expect(await h.store.readNextDueAt()).toBeNull();
    }));

  it("two processes that find a due broadcast send it once", async () => {
    const first = await EngineHarness.open();
    try {
      const broadcasts = createBroadcasts(first, news());
      await broadcasts.schedule("news", listed("ana", { id: "bo", tenant: "acme" }), { at: T0 + HOUR, again: false });
      first.now = T0 + HOUR;
      await Promise.all([first.engine.runDue({}), first.engine.runDue({})]);
      expect((await bodies(first)).sort()).toEqual(["ana mail sent: ana  ", "bo mail sent: bo acme "]);
    } finally {
      await first.close();
    }
  });
});
