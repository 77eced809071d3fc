import { describe, expect, it } from "vitest";
import { getChannelId } from "../../../src/domain/environment/environment.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { ResourceOperations } from "../../../src/ports/resource-operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { catchRejection } from "../../helpers/catch-error.js";
import type { OpenTarget } from "./open-target.js";
import { listAll, UNUSUAL_IDS } from "./recipients-contract.js";

const PROJECT = { collection: "projects", id: "p1" };
const ABSENT_UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const FEED = getChannelId("contract-feed");
/** Schedules of the far future, so that none occurs. */
const ONCE = { scheduled_at: "2090-01-01T10:00:00Z" };

/** Describes what belongs to recipients: preferences, subscriptions, audiences, feeds and schedules. */
export function describeResources(target: OpenTarget): void {
  const open = (): Promise<ResourceOperations> => target.operations.openResources();
  const isRemote = () => target.operations.target === "remote";

  describe("preferences", () => {
    it("A-093 set replaces a set, merge adds to it, and delete clears it", async () => {
      const { preferences } = await open();
      await preferences.set("ada", "default", { channel_types: { email: false, sms: true } });
      const replaced = await preferences.set("ada", "default", { workflows: { "contract-plain": false } });
      expect(replaced).toMatchObject({ id: "default", channel_types: null, workflows: { "contract-plain": false } });
      const merged = await preferences.set("ada", "default", {
        channel_types: { email: false },
        __persistence_strategy__: "merge",
      });
      expect(merged).toMatchObject({ channel_types: { email: false }, workflows: { "contract-plain": false } });
      expect(await preferences.read("ada", "default")).toEqual(merged);
      await preferences.delete("ada", "default");
      expect(await preferences.read("ada", "default")).toMatchObject({ channel_types: null, workflows: null });
    });

    it("A-094 A-304 read applies the defaults of a tenant", async () => {
      const { preferences, tenants } = await open();
      await tenants.set("acme", { settings: { preference_set: { channel_types: { sms: false } } } });
      expect(await preferences.read("ada", "acme")).toMatchObject({ id: "acme", channel_types: { sms: false } });
      expect(await preferences.read("ada", "default", "acme")).toMatchObject({ channel_types: { sms: false } });
      expect(await preferences.read("ada", "default")).toMatchObject({ channel_types: null });
    });

    it("A-247 A-303 list returns every set of a user or object, and always the default one", async () => {
      const { preferences } = await open();
      expect((await preferences.list("nobody")).map(({ id }) => id)).toEqual(["default"]);
      for (const recipient of ["ada", PROJECT]) {
        for (const id of ["default", "acme"]) await preferences.set(recipient, id, { categories: { contract: false } });
        expect((await preferences.list(recipient)).map(({ id }) => id)).toEqual(["default", "acme"]);
      }
    });

    it("A-063 keeps unusual IDs of sets", async () => {
      const { preferences } = await open();
      for (const id of UNUSUAL_IDS) expect(await preferences.set("ada", id, {}), id).toMatchObject({ id });
      expect((await preferences.list("ada")).map(({ id }) => id)).toEqual(expect.arrayContaining(UNUSUAL_IDS));
      for (const send of [() => preferences.read("ada", ""), () => preferences.set("ada", "a/b", {})])
        expect(await catchRejection(send())).toMatchObject({ code: "invalid_params", details: [{ pointer: "/id" }] });
    });

    it("reports each invalid value with its pointer", async () => {
      const { preferences } = await open();
      const error = await catchRejection(preferences.set("ada", "default", { channel_types: { fax: true }, x: 1 }));
      expect(error.code).toBe("invalid_params");
      expect(error.details.map(({ pointer }) => pointer).sort()).toEqual(["/channel_types/fax", "/x"]);
    });
  });

  describe("channel data", () => {
    it("A-092 set replaces an entry, read returns it, and delete deletes it", async () => {
      const { channelData } = await open();
      for (const recipient of ["ada", PROJECT]) {
        expect(await channelData.read(recipient, "push")).toBeNull();
        const set = await channelData.set(recipient, "push", { data: { tokens: ["t1"] } });
        expect(set).toMatchObject({ __typename: "ChannelData", data: { tokens: ["t1"] } });
        expect(await channelData.read(recipient, "push")).toEqual(set);
        expect(await channelData.delete(recipient, "push")).toBe(true);
        expect(await channelData.delete(recipient, "push")).toBe(false);
      }
    });
  });

  describe("subscriptions", () => {
    const ids = (items: readonly JsonObject[]) => items.map(({ recipient }) => (recipient as JsonObject).id);

    it("A-257 A-258 A-259 adds, updates, lists and deletes the subscribers of an object", async () => {
      const { subscriptions } = await open();
      const recipients = ["ada", "grace", { id: "p2", collection: "projects" }];
      const added = await subscriptions.add(PROJECT, { recipients, properties: { role: "owner" } });
      expect(ids(added)).toEqual(["ada", "grace", "p2"]);
      expect(added[0]).toMatchObject({
        __typename: "Subscription",
        object: { id: "p1", collection: "projects" },
        properties: { role: "owner" },
      });
      await subscriptions.add(PROJECT, { recipients: ["ada"], properties: { role: "reader" } });
      const listed = await listAll(
        (page) => subscriptions.list({ object: PROJECT }, page),
        (item) => item,
      );
      expect(new Set(ids(listed))).toEqual(new Set(["ada", "grace", "p2"]));
      expect(listed.find(({ recipient }) => (recipient as JsonObject).id === "ada")).toMatchObject({
        properties: { role: "reader" },
      });
      const some = { object: PROJECT, recipients: [toRecipientKey("grace"), toRecipientKey({ ...PROJECT, id: "p2" })] };
      expect(new Set(ids((await subscriptions.list(some, { limit: 10 })).items))).toEqual(new Set(["grace", "p2"]));
      const removed = await subscriptions.delete(PROJECT, { recipients: ["ada", "nobody"] });
      expect(ids(removed)).toEqual(["ada"]);
      expect((await subscriptions.list({ object: PROJECT }, { limit: 10 })).items).toHaveLength(2);
    });

    it("A-257 A-314 lists the subscriptions of a user and of an object", async () => {
      const { subscriptions, objects } = await open();
      await objects.set("projects", "p2", {});
      const second = { ...PROJECT, id: "p2" };
      await subscriptions.add(PROJECT, { recipients: ["ada", second] });
      await subscriptions.add(second, { recipients: ["ada"] });
      const objectsOf = async (scope: Parameters<typeof subscriptions.list>[0]) =>
        (await subscriptions.list(scope, { limit: 10 })).items.map(({ object }) => (object as JsonObject).id);
      expect(await objectsOf({ recipient: "ada" })).toEqual(["p2", "p1"]);
      expect(await objectsOf({ recipient: "ada", objects: [toRecipientKey(PROJECT)] })).toEqual(["p1"]);
      expect(await objectsOf({ recipient: second })).toEqual(["p1"]);
      expect(await objectsOf({ recipient: "nobody" })).toEqual([]);
    });

    it("reports an unknown object and invalid bodies", async () => {
      const { subscriptions } = await open();
      const absent = { collection: "projects", id: "p9" };
      for (const send of [
        () => subscriptions.list({ object: absent }, { limit: 1 }),
        () => subscriptions.add(absent, { recipients: ["ada"] }),
      ])
        expect(await catchRejection(send())).toMatchObject({
          code: "resource_missing",
          message: 'there is no object "projects/p9"',
          hint: expect.stringContaining("knock objects set projects p9"),
        });
      const error = await catchRejection(
        subscriptions.add(PROJECT, { recipients: ["ada", { id: 7 }], properties: [] }),
      );
      expect(error.code).toBe("invalid_params");
      expect(error.details.map(({ pointer }) => pointer).sort()).toEqual(["/properties", "/recipients/1/id"]);
    });
  });

  describe("audiences", () => {
    const members = (users: JsonObject["x"][]) => ({ members: users.map((user) => ({ user })) }) as JsonObject;

    it("A-201 A-202 A-203 adds, lists and removes members", async () => {
      const { audiences, users } = await open();
      const key = "50% off";
      await audiences.add(key, members(["ada", { id: "zoe", name: "Zoe" }, "alan"]), { create_audience: true });
      await audiences.add(key, { members: [{ user: "ada", tenant: "acme" }] }, { create_audience: false });
      expect(await users.read("zoe")).toMatchObject({ name: "Zoe" });
      const list = () =>
        listAll(
          (page) => audiences.list(key, page),
          ({ user_id, tenant }) => `${user_id} ${tenant}`,
        );
      expect((await list()).sort()).toEqual(["ada acme", "ada null", "alan null", "zoe null"]);
      const removed = await audiences.remove(key, members(["ada", "grace"]));
      // The API does not report which of them were members.
      expect(removed).toEqual(isRemote() ? null : [{ user_id: "ada", tenant: null }]);
      expect((await list()).sort()).toEqual(["ada acme", "alan null", "zoe null"]);
    });

    it("reports an unknown audience and invalid members", async () => {
      const { audiences } = await open();
      for (const send of [
        () => audiences.list("nothing", { limit: 1 }),
        () => audiences.add("nothing", members(["ada"]), { create_audience: false }),
        () => audiences.remove("nothing", members(["ada"])),
      ])
        expect(await catchRejection(send())).toMatchObject({
          code: "resource_missing",
          message: 'there is no audience "nothing"',
        });
      const invalid = audiences.add("beta", members(["ada", { id: "" }]), { create_audience: true });
      expect(await catchRejection(invalid)).toMatchObject({
        code: "invalid_params",
        details: [{ pointer: "/members/1/user/id" }],
      });
      expect(await catchRejection(audiences.list("a/b", { limit: 1 }))).toMatchObject({
        code: "invalid_params",
        details: [{ pointer: "/key" }],
      });
    });
  });

  describe("feeds", () => {
    const recipient = toRecipientKey("ada");

    it("A-288 lists a user's feed with its counts, and applies filters", async () => {
      const { feeds } = await open();
      for (const page of ["One", "Two", "Three"])
        await target.triggerAndWait("contract-plain", {
          recipients: ["ada"],
          actor: "grace",
          data: { page, nested: { deep: true } },
          ...(page === "Two" ? { tenant: "acme" } : {}),
        });
      const list = (filter: JsonObject = {}) => feeds.list({ recipient, channel: FEED, ...filter }, { limit: 10 });
      const all = await list();
      expect(all.meta).toEqual({ __typename: "FeedMetadata", total_count: 3, unread_count: 3, unseen_count: 3 });
      expect(all.items[0]).toMatchObject({
        __typename: "FeedItem",
        data: { page: "Three", nested: { deep: true } },
        actors: [{ id: "grace" }],
        total_activities: 1,
        blocks: [{ rendered: expect.stringContaining("Three") }],
      });
      expect(all.items[0]).not.toHaveProperty("activities");
      expect(
        await listAll(
          (page) => feeds.list({ recipient, channel: FEED }, page),
          ({ data }) => data,
        ),
      ).toHaveLength(3);
      await target.operations.markMessages([String(all.items[0]?.id)], "read");
      await target.operations.markMessages([String(all.items[1]?.id)], "archived");
      const pages = async (filter: JsonObject) =>
        (await list(filter)).items.map(({ data }) => (data as JsonObject).page as string);
      expect(await pages({ status: "unread" })).toEqual(["One"]);
      expect(await pages({ archived: "only" })).toEqual(["Two"]);
      expect(await pages({ archived: "include", has_tenant: true })).toEqual(["Two"]);
      expect(await pages({ trigger_data: { page: "One" } })).toEqual(["One"]);
      expect(await pages({ source: "contract-delayed" })).toEqual([]);
      expect(await pages({ inserted_at: { lt: 0 } })).toEqual([]);
    });

    it("returns an empty page for an unknown user", async () => {
      const { feeds } = await open();
      await target.triggerAndWait("contract-plain", { recipients: ["ada"], data: { page: "One" } });
      const page = await feeds.list({ recipient: toRecipientKey("nobody"), channel: FEED }, { limit: 5 });
      expect(page).toMatchObject({ items: [], meta: { total_count: 0 } });
    });

    it("the remote target needs a channel and a user", async () => {
      const { feeds } = await open();
      const withoutChannel = feeds.list({ recipient }, { limit: 5 });
      const ofObject = feeds.list({ recipient: toRecipientKey(PROJECT), channel: FEED }, { limit: 5 });
      if (!isRemote()) {
        expect((await withoutChannel).items).toEqual([]);
        expect((await ofObject).items).toEqual([]);
        return;
      }
      expect(await catchRejection(withoutChannel)).toMatchObject({
        code: "not_supported",
        hint: expect.stringMatching(/--channel/),
      });
      expect(await catchRejection(ofObject)).toMatchObject({
        code: "not_supported",
        hint: expect.stringMatching(/knock messages list/),
      });
      const unknown = feeds.list({ recipient, channel: ABSENT_UUID }, { limit: 5 });
      expect(await catchRejection(unknown)).toMatchObject({
        code: "resource_missing",
        hint: expect.stringMatching(/channel's ID/),
      });
    });
  });

  describe("schedules", () => {
    const workflow = "contract-plain";
    const recipientOf = ({ recipient }: JsonObject) => (recipient as JsonObject).id;

    it("A-267 A-268 A-269 A-270 creates, reads, lists, updates and deletes schedules", async () => {
      const { schedules } = await open();
      const recipients = ["ada", "grace", { id: "p1", collection: "projects" }];
      const created = await schedules.create({ workflow, recipients, data: { page: "Home" }, ...ONCE });
      expect(created.map(recipientOf)).toEqual(["ada", "grace", "p1"]);
      expect(created[0]).toMatchObject({ __typename: "Schedule", workflow, data: { page: "Home" } });
      const [first, second] = created.map(({ id }) => String(id)) as [string, string];
      expect(await schedules.read(first, { workflow })).toEqual(created[0]);
      expect(await schedules.read(ABSENT_UUID, { workflow })).toBeNull();
      expect((await listAll((page) => schedules.list({ workflow }, page), recipientOf)).sort()).toEqual([
        "ada",
        "grace",
        "p1",
      ]);
      const ofObject = { recipients: [toRecipientKey(PROJECT)] };
      expect((await schedules.list(ofObject, { limit: 5 })).items.map(recipientOf)).toEqual(["p1"]);
      expect((await schedules.list({ workflow, tenant: "acme" }, { limit: 5 })).items).toEqual([]);
      const two = { workflow, recipients: [toRecipientKey("ada"), toRecipientKey("grace")] };
      expect((await schedules.list(two, { limit: 5 })).items).toHaveLength(2);
      const updated = await schedules.update({ schedule_ids: [first, second], data: { page: "New" } });
      expect(updated.map(({ data }) => data)).toEqual([{ page: "New" }, { page: "New" }]);
      expect((await schedules.delete({ schedule_ids: [first] })).map(({ id }) => id)).toEqual([first]);
      expect(await schedules.read(first, { workflow })).toBeNull();
    });

    it("A-271 createMany creates a schedule for each entry, in order", async () => {
      const { schedules } = await open();
      const entry = (recipient: JsonObject["x"], page: string) => ({ workflow, recipient, data: { page }, ...ONCE });
      const entries = [entry("ada", "A"), entry("grace", "A"), entry("ada", "A"), entry("alan", "B")];
      const created = await schedules.createMany({ schedules: entries } as JsonObject);
      expect(created.map((item) => [recipientOf(item), (item.data as JsonObject).page])).toEqual([
        ["ada", "A"],
        ["grace", "A"],
        ["ada", "A"],
        ["alan", "B"],
      ]);
      expect((await schedules.list({ workflow }, { limit: 10 })).items).toHaveLength(4);
      for (const body of [{}, { schedules: [] }, { schedules: "x" }, { schedules: [1] }])
        expect(await catchRejection(schedules.createMany(body as JsonObject))).toMatchObject({
          code: "invalid_params",
        });
      const invalid = [entry("ada", "A"), { ...entry("grace", "A"), recipient: { id: 7 } }];
      const error = await catchRejection(schedules.createMany({ schedules: invalid } as JsonObject));
      expect([error.code, error.details[0]?.pointer]).toEqual(["invalid_params", "/schedules/1/recipient/id"]);
    });

    it("reports unknown schedules, unknown workflows and invalid bodies", async () => {
      const { schedules } = await open();
      for (const send of [
        () => schedules.update({ schedule_ids: [ABSENT_UUID], data: {} }),
        () => schedules.delete({ schedule_ids: [ABSENT_UUID] }),
      ])
        expect(await catchRejection(send())).toMatchObject({
          code: "resource_missing",
          message: `there is no schedule "${ABSENT_UUID}"`,
        });
      const unknown = schedules.create({ workflow: "nope", recipients: ["ada"], ...ONCE });
      expect(await catchRejection(unknown)).toMatchObject({ code: "workflow_missing" });
      const error = await catchRejection(schedules.create({ workflow, recipients: [], scheduled_at: "soon" }));
      expect(error.code).toBe("invalid_params");
      expect(error.details.map(({ pointer }) => pointer).sort()).toEqual(["/recipients", "/scheduled_at"]);
    });

    it("the remote target lists the schedules of a workflow or of a recipient only", async () => {
      const { schedules } = await open();
      if (!isRemote()) {
        expect((await schedules.list({}, { limit: 5 })).items).toEqual([]);
        expect(await schedules.read(ABSENT_UUID)).toBeNull();
        return;
      }
      for (const send of [() => schedules.list({}, { limit: 5 }), () => schedules.read(ABSENT_UUID)])
        expect(await catchRejection(send())).toMatchObject({
          code: "not_supported",
          hint: expect.stringMatching(/--workflow or --recipient/),
        });
    });
  });
}
