import { describe, expect, it } from "vitest";
import { step } from "../../helpers/build-steps.js";
import { getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";

const P1 = { collection: "projects", id: "p1" };
const AT = "2025-06-04T10:00:00.000Z";
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);

describe("subscriptions", () => {
  it("AC-118 AC-120 A-099 are returned with object and recipient when added, and returned when removed", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { subscriptions } = resources;
      const [made, ...more] = await subscriptions.add(P1, { recipients: ["u7"], properties: { role: "x" } });
      expect(more).toEqual([]);
      expect(made).toMatchObject({
        __typename: "Subscription",
        object: { __typename: "Object", ...P1, properties: { name: "Kestrel" } },
        recipient: { __typename: "User", id: "u7", email: null },
        properties: { role: "x" },
        inserted_at: AT,
        updated_at: AT,
      });
      expect(await subscriptions.delete(P1, { recipients: ["u7", "ana"] })).toEqual([made]);
      expect(await subscriptions.delete(P1, { recipients: ["u7"] })).toEqual([]);
    }));

  it("A-513 A-257 identify inline recipients, are listed for object and recipient, and are reached by a trigger", () =>
    withHarness(async (harness) => {
      const { subscriptions, users } = harness.engine.resources;
      const team = { collection: "teams", id: "t1" };
      await subscriptions.add(P1, { recipients: [{ id: "zoe", email: "zoe@lark.test" }, team] });
      expect(await users.read("zoe")).toMatchObject({ email: "zoe@lark.test" });
      const page = { limit: 9 };
      expect((await subscriptions.list({ object: P1 }, page)).items).toMatchObject([
        { recipient: team },
        { recipient: { id: "zoe" } },
      ]);
      expect((await subscriptions.list({ recipient: team }, page)).items).toMatchObject([{ object: P1 }]);
      harness.define("hello", { steps: [step.feed()] });
      expect(getRecipientOutcome(await harness.trigger("hello", { recipients: [P1] }), "zoe")).toMatchObject({
        via: P1,
      });
    }));

  it("AC-119 E-065 are limited to 100 per request", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { subscriptions } = resources;
      const tooMany = { code: "invalid_params", details: [{ pointer: "/recipients" }] };
      await expect(subscriptions.add(P1, { recipients: ids(101) })).rejects.toMatchObject(tooMany);
      await expect(subscriptions.delete(P1, { recipients: ids(101) })).rejects.toMatchObject(tooMany);
      expect(await subscriptions.add(P1, { recipients: ids(100) })).toHaveLength(100);
    }));

  it("of an unidentified object are not found unless a file of the project subscribes to it", () =>
    withHarness(async (harness) => {
      const { subscriptions } = harness.engine.resources;
      const unknown = { collection: "projects", id: "p9" };
      const missing = { code: "resource_missing" };
      await expect(subscriptions.add(unknown, { recipients: ["ana"] })).rejects.toMatchObject(missing);
      await expect(subscriptions.list({ object: unknown }, { limit: 9 })).rejects.toMatchObject(missing);
      expect((await subscriptions.list({ object: P1 }, { limit: 9 })).items).toEqual([]);
      await harness.store.upsertSubscriptions(
        [{ object: "projects/p9" as never, recipient: "$users/ana" as never, properties: {} }],
        harness.now,
      );
      expect((await subscriptions.list({ object: unknown }, { limit: 9 })).items).toHaveLength(1);
    }));

  it.each([
    [{}, "/recipients"],
    [{ recipients: [] }, "/recipients"],
    [{ recipients: ["a", "b/c"] }, "/recipients/1"],
    [{ recipients: ["a"], properties: "x" }, "/properties"],
  ])("reject %j", (body, pointer) =>
    withHarness(async ({ engine: { resources } }) => {
      await expect(resources.subscriptions.add(P1, body)).rejects.toMatchObject({ details: [{ pointer }] });
    }),
  );
});

describe("audiences", () => {
  const page = { limit: 9 };
  const beta = (...members: object[]) => ({ members }) as never;

  it("A-201 to A-203 E-389 have members with and without a tenant", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { audiences } = resources;
      const create = { create_audience: true };
      await audiences.add("beta", beta({ user: { id: "ana" } }, { user: { id: "zoe", name: "Zoe" } }), create);
      await audiences.add("beta", beta({ user: "ana", tenant: "acme" }), { create_audience: false });
      const { items } = await audiences.list("beta", page);
      expect(items.map(({ user_id, tenant }) => [user_id, tenant])).toEqual([
        ["ana", "acme"],
        ["zoe", null],
        ["ana", null],
      ]);
      expect(items[1]).toMatchObject({
        __typename: "AudienceMember",
        user: { __typename: "User", name: "Zoe" },
        added_at: AT,
      });
      await audiences.remove("beta", beta({ user: "ana" }, { user: "ghost" }));
      expect((await audiences.list("beta", page)).items.map(({ user_id }) => user_id)).toEqual(["ana", "zoe"]);
    }));

  it("E-391 an ID alone does not identify a user; an identified user becomes a member", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { audiences, users } = resources;
      await audiences.add("beta", beta({ user: "later" }), { create_audience: true });
      expect(await users.read("later")).toBeNull();
      expect((await audiences.list("beta", page)).items).toEqual([]);
      await users.set("later", {});
      expect((await audiences.list("beta", page)).items).toHaveLength(1);
    }));

  it("AC-249 an unknown audience is an error that names the nearest key", () =>
    withHarness(async ({ engine: { resources } }) => {
      const { audiences } = resources;
      await audiences.add("beta", beta({ user: "ana" }), { create_audience: true });
      const missing = { code: "resource_missing", hint: 'Did you mean "beta"?' };
      const member = beta({ user: "ana" });
      await expect(audiences.add("betta", member, { create_audience: false })).rejects.toMatchObject(missing);
      await expect(audiences.remove("betta", member)).rejects.toMatchObject(missing);
      await expect(audiences.list("betta", page)).rejects.toMatchObject(missing);
    }));

  it.each<[object, string]>([
    [{}, "/members"],
    [{ members: ids(1001).map((user) => ({ user })) }, "/members"],
    [{ members: ["ana"] }, "/members/0"],
    [{ members: [{ user: { name: "x" } }] }, "/members/0/user/id"],
    [{ members: [{ user: { id: "p1", collection: "projects" } }] }, "/members/0/user"],
    [{ members: [{ user: "ana", tenant: 1 }] }, "/members/0/tenant"],
  ])("E-387 E-392 reject invalid members: %#", (body, pointer) =>
    withHarness(async ({ engine: { resources } }) => {
      await expect(resources.audiences.add("beta", body as never, { create_audience: true })).rejects.toMatchObject({
        code: "invalid_params",
        details: [{ pointer }],
      });
    }),
  );
});
