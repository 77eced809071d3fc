import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { JsonObject } from "../../../src/util/json.js";
import { batch } from "../../helpers/batch-case.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";

const PAGE = { limit: 9 };

describe("feeds", () => {
  it("AC-210 A-101 the feed of an unknown user is empty", () =>
    withHarness(async ({ engine: { resources } }) => {
      expect(await resources.feeds.list({ recipient: toRecipientKey("ghost") }, PAGE)).toMatchObject({
        items: [],
        meta: { __typename: "FeedMetadata", total_count: 0, unread_count: 0, unseen_count: 0 },
        page_info: { after: null, before: null },
      });
    }));

  it("AC-226 AC-227 A-498 A-603 A-104 an item has all fields that a client needs", () =>
    withHarness(async (harness) => {
      const workflow = harness.define("hello", {
        categories: ["social"],
        steps: [step.feed("Hi {{ n }}"), step.email()],
      });
      const data = { n: 1, attachments: [{ name: "a.txt", content: "YQ==", content_type: "text/plain" }] };
      await harness.trigger("hello", { recipients: ["bo"], actor: "ana", tenant: "acme", data });
      const [message] = await harness.listMessages("bo");
      const { items, vars } = await harness.engine.resources.feeds.list({ recipient: toRecipientKey("bo") }, PAGE);
      expect(items).toHaveLength(1);
      expect(items[0]).toEqual({
        __typename: "FeedItem",
        __cursor: expect.any(String),
        id: message?.id,
        tenant: "acme",
        actors: [expect.objectContaining({ __typename: "User", id: "ana", plan: "pro" })],
        total_actors: 1,
        total_activities: 1,
        blocks: [{ type: "markdown", name: "body", content: "Hi {{ n }}", rendered: expect.stringContaining("Hi 1") }],
        data: { n: 1 },
        source: { __typename: "Workflow", key: "hello", categories: ["social"], version_id: workflow.version_id },
        inserted_at: "2025-06-04T10:00:00.000Z",
        updated_at: "2025-06-04T10:00:00.000Z",
        seen_at: null,
        read_at: null,
        interacted_at: null,
        archived_at: null,
        link_clicked_at: null,
        clicked_at: null,
      });
      expect(vars).toMatchObject({ base_url: "https://lark.test" });
    }));

  it("E-219 A-498 an item of a batch has up to ten actors and the numbers of actors and activities", () =>
    withHarness(async (harness) => {
      harness.define("digest", { steps: [batch({ batch_items_render_limit: 20 }), step.feed()] });
      const actors = Array.from({ length: 12 }, (_, index) => `actor-${index}`);
      for (const actor of [...actors, "actor-0"])
        await harness.trigger("digest", { recipients: ["bo"], actor: { id: actor, name: actor } });
      await harness.trigger("digest", { recipients: ["bo"] });
      await harness.at(10 * MINUTE);
      const [message] = await harness.listMessages("bo");
      const shown = await harness.engine.readMessage(message!.id);
      expect(shown?.actors).toEqual(actors.slice(0, 10));
      const { items } = await harness.engine.resources.feeds.list({ recipient: toRecipientKey("bo") }, PAGE);
      expect(items[0]).toMatchObject({ total_actors: 12, total_activities: 14 });
      expect((items[0]!.actors as JsonObject[]).map(({ name }) => name)).toEqual(actors.slice(0, 10));
    }));

  it("AC-214 AC-215 filters read and archived items", () =>
    withHarness(async (harness) => {
      const { feeds } = harness.engine.resources;
      harness.define("hello", { steps: [step.feed()] });
      await harness.trigger("hello", { recipients: ["bo"] });
      await harness.trigger("hello", { recipients: ["bo"] });
      const [first] = await harness.listMessages("bo");
      const list = (filter: object) => feeds.list({ recipient: toRecipientKey("bo"), ...filter }, PAGE);
      await harness.markMessage(first!, "read");
      const unread = await list({ status: "unread" });
      expect(unread.items).toHaveLength(1);
      expect(unread.meta).toMatchObject({ total_count: 2, unread_count: 1, unseen_count: 2 });
      await harness.markMessage(first!, "archived");
      expect((await list({})).items).toHaveLength(1);
      expect((await list({ archived: "only" })).items).toMatchObject([{ id: first!.id }]);
    }));

  it("AC-225 rejects a channel of another type and accepts an undeclared one", () =>
    withHarness(async ({ engine: { resources } }) => {
      const list = (channel: string) => resources.feeds.list({ recipient: toRecipientKey("bo"), channel }, PAGE);
      await expect(list("mail")).rejects.toMatchObject({ code: "channel_invalid", hint: "Channels: feed." });
      await expect(list("c-mail")).rejects.toMatchObject({ code: "channel_invalid" });
      expect((await list("c-feed")).items).toEqual([]);
      expect((await list("elsewhere")).items).toEqual([]);
    }));
});
