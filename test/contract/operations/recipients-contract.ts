import { describe, expect, it } from "vitest";
import type { Paged, PageRequest } from "../../../src/ports/page-request.js";
import type { ResourceOperations } from "../../../src/ports/resource-operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { catchRejection } from "../../helpers/catch-error.js";
import type { OpenTarget } from "./open-target.js";

/** IDs that a URL must encode. */
export const UNUSUAL_IDS = [
  "a b",
  "ü-ñ-日本",
  "50%",
  "%2F",
  "a?b=c&d",
  "a+b",
  "..",
  ".",
  "a\\b",
  "mail:x@example.com",
  "💡",
];

/** Reads a list to its end, in pages of two, and returns the result of `pick` for each item. */
export async function listAll<T>(
  list: (page: PageRequest) => Promise<Paged<JsonObject>>,
  pick: (item: JsonObject) => T,
): Promise<T[]> {
  const all: T[] = [];
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await list({ limit: 2, after });
    expect(items.length).toBeLessThanOrEqual(2);
    all.push(...items.map(pick));
    if (page_info.after === null) return all;
    after = page_info.after;
  }
}

/** Describes users, objects and tenants. */
export function describeRecipients(target: OpenTarget): void {
  const open = (): Promise<ResourceOperations> => target.operations.openResources();

  describe("users", () => {
    it("A-282 A-283 set creates a user, merges into it and returns it, and read returns the same", async () => {
      const { users } = await open();
      await users.set("zoe", { name: "Zoe", address: { city: "Paris", zip: "75001" } });
      const merged = await users.set("zoe", { email: "zoe@example.com", address: { zip: null } });
      expect(merged).toMatchObject({
        __typename: "User",
        id: "zoe",
        name: "Zoe",
        email: "zoe@example.com",
        address: { city: "Paris", zip: null },
      });
      expect(await users.read("zoe")).toEqual(merged);
    });

    it("A-278 list reaches every user once, forward and backward", async () => {
      const { users } = await open();
      for (const id of ["u1", "u2", "u3"]) await users.set(id, {});
      const ids = await listAll(
        (page) => users.list({}, page),
        ({ id }) => String(id),
      );
      expect(ids.slice(0, 3)).toEqual(["u3", "u2", "u1"]);
      expect(new Set(ids).size).toBe(ids.length);
      const first = await users.list({}, { limit: 2 });
      const second = await users.list({}, { limit: 2, after: first.page_info.after as string });
      const back = await users.list({}, { limit: 2, before: second.page_info.before as string });
      expect(back.items).toEqual(first.items);
      expect(first.page_info).toEqual({ after: expect.any(String), before: null, page_size: 2 });
    });

    it("A-063 keeps unusual IDs", async () => {
      const { users } = await open();
      for (const id of UNUSUAL_IDS) {
        expect(await users.set(id, { name: id }), id).toMatchObject({ id, name: id });
        expect(await users.read(id), id).toMatchObject({ id, name: id });
      }
      const listed = await listAll(
        (page) => users.list({}, page),
        ({ id }) => String(id),
      );
      expect(listed).toEqual(expect.arrayContaining(UNUSUAL_IDS));
      for (const id of UNUSUAL_IDS) expect(await users.delete(id), id).toBe(true);
    });

    it("E-051 rejects an invalid ID", async () => {
      const { users, preferences, channelData, subscriptions } = await open();
      for (const id of ["", " ", "a/b", "a#b", "x".repeat(257)])
        for (const send of [
          () => users.read(id),
          () => users.set(id, {}),
          () => users.delete(id),
          () => users.merge("ada", id),
          () => preferences.set(id, "default", {}),
          () => channelData.set(id, "push", { data: { tokens: [] } }),
          () => subscriptions.list({ recipient: id }, { limit: 1 }),
        ])
          expect(await catchRejection(send()), id).toMatchObject({
            code: "invalid_params",
            details: [{ pointer: "/id", value: id }],
          });
    });

    it("Q-25 Q-27 returns null or false for an unknown user", async () => {
      const { users } = await open();
      expect(await users.read("nobody")).toBeNull();
      expect(await users.delete("nobody")).toBe(false);
      expect(await users.merge("ada", "nobody")).toBeNull();
      expect(await users.merge("nobody", "ada")).toBeNull();
    });

    it("A-284 delete deletes a user", async () => {
      const { users } = await open();
      expect(await users.delete("alan")).toBe(true);
      expect(await users.read("alan")).toBeNull();
      expect(await users.delete("alan")).toBe(false);
    });

    it("A-097 A-299 merge keeps the values of the first user and deletes the second", async () => {
      const { users } = await open();
      const merged = await users.merge("alan", "ada");
      expect(merged).toMatchObject({ id: "alan", name: "Alan", email: "ada@example.com", plan: "pro" });
      expect(await users.read("alan")).toEqual(merged);
      expect(await users.read("ada")).toBeNull();
    });

    it("reports each invalid value with its pointer", async () => {
      const { users } = await open();
      const body = { id: "bob", preferences: { default: { channel_types: { fax: true } } }, locale: 7 };
      const error = await catchRejection(users.set("zoe", body));
      expect(error.code).toBe("invalid_params");
      expect(error.details.map(({ pointer }) => pointer).sort()).toEqual([
        "/id",
        "/locale",
        "/preferences/default/channel_types/fax",
      ]);
      expect(await users.read("zoe")).toBeNull();
    });
  });

  describe("objects", () => {
    it("A-234 A-239 A-240 A-241 sets, reads, lists and deletes objects of a collection", async () => {
      const { objects } = await open();
      const created = await objects.set("plans", "p 1-2", { name: "Pro", seats: 3 });
      expect(created).toMatchObject({
        __typename: "Object",
        id: "p 1-2",
        collection: "plans",
        properties: { name: "Pro", seats: 3 },
      });
      expect(await objects.read("plans", "p 1-2")).toEqual(created);
      for (const id of ["b", "c"]) await objects.set("plans", id, {});
      expect(
        await listAll(
          (page) => objects.list("plans", page),
          ({ id }) => id,
        ),
      ).toEqual(["c", "b", "p 1-2"]);
      expect(await objects.delete("plans", "b")).toBe(true);
      expect(await objects.delete("plans", "b")).toBe(false);
      expect(await objects.read("plans", "b")).toBeNull();
      expect((await objects.list("nothing here", { limit: 5 })).items).toEqual([]);
    });

    it("A-063 keeps unusual IDs and collections", async () => {
      const { objects } = await open();
      for (const id of UNUSUAL_IDS) {
        await objects.set(id, id, { name: id });
        expect(await objects.read(id, id), id).toMatchObject({ id, collection: id, properties: { name: id } });
      }
    });

    it("E-048 accepts tenants and rejects users as objects", async () => {
      const { objects, tenants } = await open();
      await tenants.set("acme", { name: "Acme" });
      expect(await objects.read("$tenants", "acme")).toMatchObject({ id: "acme" });
      for (const send of [() => objects.read("$users", "ada"), () => objects.list("$users", { limit: 1 })])
        expect(await catchRejection(send())).toMatchObject({
          code: "invalid_params",
          details: [{ pointer: "/collection" }],
          hint: "Use `knock users` for users.",
        });
    });
  });

  describe("tenants", () => {
    it("A-272 A-275 A-276 A-277 sets, reads, lists, filters and deletes tenants", async () => {
      const { tenants } = await open();
      const created = await tenants.set("acme", {
        name: "Acme",
        settings: { branding: { primary_color: "#112233" }, preference_set: { channel_types: { email: false } } },
      });
      expect(created).toMatchObject({
        __typename: "Tenant",
        id: "acme",
        name: "Acme",
        settings: { branding: { primary_color: "#112233" }, preference_set: { channel_types: { email: false } } },
      });
      expect(await tenants.read("acme")).toEqual(created);
      for (const id of ["t1", "t2"]) await tenants.set(id, { name: "Other" });
      const ids = (filter: JsonObject) =>
        listAll(
          (page) => tenants.list(filter, page),
          ({ id }) => id,
        );
      expect((await ids({})).slice(0, 3)).toEqual(["t2", "t1", "acme"]);
      expect(await ids({ name: "Other" })).toEqual(["t2", "t1"]);
      expect(await ids({ tenant_id: "acme" })).toEqual(["acme"]);
      expect(await tenants.delete("t1")).toBe(true);
      expect(await tenants.delete("t1")).toBe(false);
      expect(await tenants.read("t1")).toBeNull();
    });

    it("reports each invalid value with its pointer", async () => {
      const { tenants } = await open();
      const error = await catchRejection(
        tenants.set("acme", { settings: { preference_set: { channel_types: { fax: true } } } }),
      );
      expect(error.code).toBe("invalid_params");
      expect(error.details.map(({ pointer }) => pointer)).toEqual(["/settings/preference_set/channel_types/fax"]);
    });
  });
}
