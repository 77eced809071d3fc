import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRecipientsFile } from "../../../src/domain/request/parse-recipients-file.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails, hasParent } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";
import { arbitraryJson, arbitraryMutation, buildNestedJson } from "../../helpers/json-arbitraries.js";

const parse = (raw: Json) => parseRecipientsFile(raw, "people.json");
const faults = (raw: Json): string[] => formatDetails(catchThrown(() => parse(raw)));

/** The example of the contract (section 5). */
const EXAMPLE: JsonObject = {
  users: [
    {
      id: "ada",
      name: "Ada",
      timezone: "Europe/Paris",
      preferences: { default: { workflows: { "new-comment": false } } },
      channel_data: { fcm: { tokens: ["t1"] } },
    },
  ],
  objects: [{ collection: "projects", id: "p1", name: "Apollo" }],
  tenants: [{ id: "acme", name: "Acme", settings: { preference_set: {} } }],
  subscriptions: [{ object: { collection: "projects", id: "p1" }, recipient: "ada", properties: { role: "owner" } }],
  audiences: { beta: ["ada", { id: "ada", tenant: "acme" }] },
};

describe("parseRecipientsFile (section 5 of the contract)", () => {
  it("parses the example", () => {
    expect(parse(EXAMPLE)).toMatchObject({
      recipients: [
        {
          key: "$users/ada",
          properties: { name: "Ada", timezone: "Europe/Paris" },
          preferences: { default: { workflows: { "new-comment": false } } },
          channel_data: { fcm: { tokens: ["t1"] } },
        },
        { key: "projects/p1", properties: { name: "Apollo" } },
        { key: "$tenants/acme", properties: { name: "Acme", settings: { preference_set: {} } } },
      ],
      subscriptions: [{ object: "projects/p1", recipient: "$users/ada", properties: { role: "owner" } }],
      audiences: [
        {
          key: "beta",
          members: [
            { recipient: "$users/ada", tenant: null },
            { recipient: "$users/ada", tenant: "acme" },
          ],
        },
      ],
    });
  });

  it("loads recipients that are given inline as members, subscribers and objects of subscriptions", () => {
    const file = parse({
      subscriptions: [
        { object: { collection: "projects", id: "p1", name: "Apollo" }, recipient: { id: "sub", email: "s@x.io" } },
        { object: { collection: "projects", id: "p2" }, recipient: "ada" },
      ],
      audiences: { beta: [{ user: { id: "in", email: "i@x.io" }, tenant: "acme" }, { id: "flat", name: "F" }, "ada"] },
    });
    expect(file.recipients).toEqual([
      { key: "projects/p1", properties: { name: "Apollo" } },
      { key: "$users/sub", properties: { email: "s@x.io" } },
      { key: "$users/in", properties: { email: "i@x.io" } },
      { key: "$users/flat", properties: { name: "F" } },
    ]);
    expect(file.subscriptions.map(({ recipient }) => recipient)).toEqual(["$users/sub", "$users/ada"]);
  });

  it("accepts a file without content", () => {
    const nothing = { recipients: [], subscriptions: [], audiences: [] };
    expect(parse({})).toEqual(nothing);
    expect(parse({ $schema: "x", users: [], objects: [], tenants: [], subscriptions: [], audiences: {} })).toEqual(
      nothing,
    );
  });

  it("identifies an object without properties, unlike a trigger", () => {
    expect(parse({ objects: [{ collection: "projects", id: "p1" }] }).recipients).toEqual([
      { key: "projects/p1", properties: {} },
    ]);
  });

  it.each<[string, Json, string[]]>([
    ["a list", [], [" must be an object, found a list"]],
    ["an unknown key", { user: [] }, ['/user unknown key "user"; did you mean "users"?']],
    ["a user that is a string", { users: ["ada"] }, ["/users/0 must be an object, found a string"]],
    ["users as an object", { users: { ada: {} } }, ["/users must be a list, found an object"]],
    ["a duplicate user", { users: [{ id: "ada" }, { id: "ada" }] }, ["/users/1/id is already the ID of users[0]"]],
    [
      "a tenant that is also an object",
      { objects: [{ id: "acme", collection: "$tenants" }], tenants: [{ id: "acme" }] },
      ["/tenants/0/id is already the ID of objects[0]"],
    ],
    ["a user without an id", { users: [{ name: "Ada" }] }, ["/users/0/id is required (a string)"]],
    ["a user with a number for an id", { users: [{ id: 42 }] }, ["/users/0/id must be a string, found a number"]],
    ["a slash in an id", { users: [{ id: "a/b" }] }, ['/users/0/id must not contain "/" or "#"']],
    [
      "a user with a collection",
      { users: [{ id: "a", collection: "c" }] },
      ["/users/0/collection a user has no collection; list it under objects"],
    ],
    [
      "an object in an audience",
      { audiences: { beta: [{ collection: "projects", id: "p1" }] } },
      ["/audiences/beta/0 must be a user: audiences cannot contain objects"],
    ],
    ["an object without a collection", { objects: [{ id: "a" }] }, ["/objects/0/collection is required (a string)"]],
    [
      "a preference set that is a boolean",
      { users: [{ id: "a", preferences: { default: true } }] },
      ["/users/0/preferences/default must be an object, found a boolean"],
    ],
    [
      "A-090 an email that is a number",
      { users: [{ id: "a", email: 5 }] },
      ["/users/0/email must be a string or null, found a number"],
    ],
    [
      "A-090 a color that is a number",
      { tenants: [{ id: "a", settings: { branding: { primary_color: 5 } } }] },
      ["/tenants/0/settings/branding/primary_color must be a string or null, found a number"],
    ],
    ["a tenant without an id", { tenants: [{}] }, ["/tenants/0/id is required (a string)"]],
    [
      "a subscription without recipients",
      { subscriptions: [{ object: { collection: "c", id: "o" } }] },
      [expect.stringMatching(/^\/subscriptions\/0\/recipient /)],
    ],
    [
      "an unknown key of a subscription",
      { subscriptions: [{ object: "o", recipient: "a", propertys: {} }] },
      [expect.stringMatching(/^\/subscriptions\/0\/propertys unknown key "propertys"/)],
    ],
    [
      "an audience that is a string",
      { audiences: { beta: "ada" } },
      ["/audiences/beta must be a list, found a string"],
    ],
    [
      "a member without an id",
      { audiences: { "be/ta": ["ada", {}] } },
      ["/audiences/be~1ta/1/id is required (a string)"],
    ],
  ])("rejects %s", (_what, raw, expected) => {
    expect(faults(raw)).toEqual(expected);
  });

  it("reports the errors of all lists together", () => {
    const raw: Json = {
      users: [
        { id: "ada", channel_data: { fcm: { tokens: "t" }, sms: {} } },
        { id: "ada", email: 1 },
      ],
      objects: [{ id: "p1", preferences: { default: 5 } }],
      subscriptions: [{ object: { id: "p1", collection: "a/b" }, recipient: 5 }],
      audiences: { beta: [{ user: { id: "p1", collection: "projects" }, tenant: 5 }, 7] },
      user: [],
    };
    expect(faults(raw).map((fault) => fault.split(" ").slice(0, 4).join(" "))).toEqual([
      "/users/0/channel_data/fcm/tokens must be a",
      "/users/0/channel_data/sms must have one",
      "/users/1/email must be a",
      "/objects/0/collection is required (a",
      "/objects/0/preferences/default must be an",
      "/subscriptions/0/object/collection must not contain",
      "/subscriptions/0/recipient must be a",
      "/audiences/beta/0/user must be a",
      "/audiences/beta/0/tenant must be a",
      "/audiences/beta/1 must be a",
      '/user unknown key "user";',
      "/users/1/id is already the",
    ]);
  });

  it("names the file, the location and the number of errors", () => {
    const error = catchThrown(() => parse({ users: [{}, {}] }));
    expect(error.code).toBe("project_invalid");
    expect(error.message).toBe("people.json: users[0].id is required (a string) (and 1 more)");
  });

  it("handles a depth of 100,000, and reports a key __proto__", () => {
    expect(catchThrown(() => parse({ users: [{ id: "a", x: buildNestedJson(100_000) }] })).code).toBe(
      "project_invalid",
    );
    const attack = JSON.parse('{"users":[{"id":"a","__proto__":{"polluted":1}}]}') as Json;
    expect(faults(attack)).toEqual(["/users/0/__proto__ is not allowed as a key"]);
    expect(({} as JsonObject).polluted).toBeUndefined();
  });

  it("throws only KnockErrors, with pointers into the file", () => {
    const keys = [...Object.keys(EXAMPLE), "id", "collection", "recipient", "object", "properties"];
    fc.assert(
      fc.property(fc.oneof(arbitraryMutation(EXAMPLE, arbitraryJson(...keys)), arbitraryJson(...keys)), (raw) => {
        try {
          parse(raw);
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          for (const { pointer } of error.details) expect([pointer, hasParent(raw, pointer)]).toEqual([pointer, true]);
        }
      }),
      getPropertyRuns(10_000),
    );
  });
});
