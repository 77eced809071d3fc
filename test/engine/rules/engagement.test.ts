import { describe, expect, it } from "vitest";
import { type EngagementAction, getEngagementStatuses, type Message } from "../../../src/domain/message/message.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE, T0 } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";

interface Row {
  title: string;
  step?: JsonObject;
  marks: [action: EngagementAction, minute: number][];
  engaged: string[];
  /** Minutes after the trigger; null if not set. */
  at: Partial<Record<"seen_at" | "read_at" | "interacted_at" | "link_clicked_at" | "archived_at", number | null>>;
  /** The events after those of the delivery. */
  events: string[];
}

const rows: Row[] = [
  {
    title: "C-181 E-221 seen and read set their times",
    marks: [
      ["seen", 1],
      ["read", 2],
    ],
    engaged: ["seen", "read"],
    at: { seen_at: 1, read_at: 2, interacted_at: null },
    events: ["seen", "read"],
  },
  {
    title: "C-182 E-222 unread removes the read time",
    marks: [
      ["seen", 1],
      ["read", 2],
      ["unread", 3],
    ],
    engaged: ["seen"],
    at: { seen_at: 1, read_at: null },
    events: ["seen", "read", "unread"],
  },
  {
    title: "C-183 E-221 E-230 a second seen updates the time",
    marks: [
      ["seen", 1],
      ["seen", 9],
    ],
    engaged: ["seen"],
    at: { seen_at: 9 },
    events: ["seen", "seen"],
  },
  {
    title: "C-185 E-227 interacted marks an unread item as read",
    marks: [["interacted", 1]],
    engaged: ["read", "interacted"],
    at: { seen_at: null, read_at: 1, interacted_at: 1 },
    events: ["interacted", "read"],
  },
  {
    title: "C-186 E-223 a link clicked in an SMS marks it as read",
    step: step.sms(),
    marks: [["link_clicked", 1]],
    engaged: ["read", "link_clicked"],
    at: { read_at: 1, link_clicked_at: 1 },
    events: ["link_clicked", "read"],
  },
  {
    title: "E-223 a link clicked in an email does not mark it as read",
    step: step.email(),
    marks: [["link_clicked", 1]],
    engaged: ["link_clicked"],
    at: { read_at: null, link_clicked_at: 1 },
    events: ["link_clicked"],
  },
  {
    title: "C-188 E-228 archived sets its time",
    marks: [["archived", 1]],
    engaged: ["archived"],
    at: { seen_at: null, read_at: null, archived_at: 1 },
    events: ["archived"],
  },
  {
    title: "C-188 E-222 unarchived removes the archived time",
    marks: [
      ["archived", 1],
      ["unarchived", 2],
    ],
    engaged: [],
    at: { archived_at: null },
    events: ["archived", "unarchived"],
  },
];

const iso = (minute: number) => new Date(T0 + minute * MINUTE).toISOString();

describe("K. Engagement", () => {
  it.each(rows.map((row) => [row.title, row] as const))("%s", (_title, row) =>
    withHarness(async (h) => {
      h.define("digest", { steps: [row.step ?? step.feed()] });
      await h.trigger("digest", { recipients: ["ana"] });
      const [before] = (await h.listMessages()) as [Message];
      for (const [action, minute] of row.marks) {
        await h.at(minute * MINUTE);
        await h.markMessage(before, action);
      }

      const [after] = (await h.listMessages()) as [Message];
      expect(getEngagementStatuses(after)).toEqual(row.engaged);
      expect(after).toMatchObject(
        Object.fromEntries(
          Object.entries(row.at).map(([name, minute]) => [name, minute === null ? null : T0 + minute * MINUTE]),
        ),
      );
      expect(after.events.slice(before.events.length).map(({ type }) => type)).toEqual(row.events);
      expect(after.status).toBe(before.status);

      const shown = await h.engine.readMessage(before.id);
      expect(shown?.engagement_statuses).toEqual(row.engaged);
      for (const [name, minute] of Object.entries(row.at)) {
        expect(shown?.[name], name).toBe(minute === null ? null : iso(minute));
      }
    }),
  );

  it("C-189 E-225 three items are marked as read in one call", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.feed()] });
      for (let count = 0; count < 3; count++) await h.trigger("digest", { recipients: ["ana"] });
      const ids = (await h.listMessages()).map(({ id }) => id);
      const marked = await h.engine.markMessages(ids, "read");
      expect(marked.map(({ id, engagement_statuses }) => [id, engagement_statuses])).toEqual(
        ids.map((id) => [id, ["read"]]),
      );
      const after = await h.listMessages();
      expect(after.map(({ link_clicked_at }) => link_clicked_at)).toEqual([null, null, null]);
      expect(after.flatMap(({ events }) => events.filter(({ type }) => type === "read"))).toHaveLength(3);
    }));

  it("C-184 E-226 an interaction's metadata is its event's data, which a waiting run can match", () =>
    withHarness(async (h) => {
      const match = (argument: string) => [
        { operator: "and", conditions: [{ variable: "event.data.button", operator: "equal_to", argument }] },
      ];
      const event = { event_type: "message", source_type: "workflow", source_key: "digest", event_key: "interacted" };
      const settings = { event, match_conditions: match("approve"), expires_after: { unit: "hours", value: 1 } };
      h.define("digest", { steps: [step.feed(), { ref: "wait_1", type: "wait_for_event", settings }, step.sms()] });
      await h.trigger("digest", { recipients: ["ana"] });
      const [message] = (await h.listMessages()) as [Message];

      await h.engine.markMessages([message.id], "interacted", { button: "reject" });
      expect(await h.listMessages()).toHaveLength(1);
      await h.engine.markMessages([message.id], "interacted", { button: "approve" });
      const [after, sms] = await h.listMessages();
      expect(sms?.channel.type).toBe("sms");
      expect(after?.events.filter(({ type }) => type === "interacted").map(({ data }) => data)).toEqual([
        { button: "reject" },
        { button: "approve" },
      ]);
    }));

  it("an unknown ID among the IDs changes nothing", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.feed()] });
      await h.trigger("digest", { recipients: ["ana"] });
      const [message] = (await h.listMessages()) as [Message];
      await expect(h.engine.markMessages([message.id, "nope"], "seen")).rejects.toMatchObject({
        code: "resource_missing",
        details: [{ value: "nope" }],
      });
      expect((await h.listMessages())[0]).toEqual(message);
    }));
});
