import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getChannelId } from "../../../src/domain/environment/environment.js";
import { decidePreferences, resolvePreferenceSet } from "../../../src/domain/preferences/decide-preferences.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import { isUuid } from "../../../src/util/ids.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails, hasParent } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";
import { arbitraryJson, arbitraryMutation, buildNestedJson } from "../../helpers/json-arbitraries.js";

const ID = "6b1d2a0e-3f1f-4a52-9d53-1d6b8b0c2a41";
const parse = (raw: Json) => parseEnvironment(raw, "environment.json");
const faults = (raw: Json): string[] => formatDetails(catchThrown(() => parse(raw)));

/** The example of the contract (section 5). */
const EXAMPLE: JsonObject = {
  name: "development",
  timezone: "Etc/UTC",
  channels: {
    sendgrid: {
      id: ID,
      type: "email",
      provider: "smtp",
      deliver: false,
      settings: { from_address: "hi@example.com" },
      conditions: { all: [] },
    },
    fcm: { type: "push" },
    slack: null,
  },
  workflows: { "old-digest": { active: false } },
  variables: {
    app_url: "https://app.example.com",
    flag: "true",
    count: 3,
    list: "[1,2]",
    version: "1.2.3",
    word: "null",
  },
  preferences: { default: { channel_types: { sms: false } } },
  branding: { primary_color: "#ff0000" },
};

describe("parseEnvironment (section 5 of the contract)", () => {
  it("parses the example", () => {
    expect(parse(EXAMPLE)).toMatchObject({
      name: "development",
      timezone: "Etc/UTC",
      channels: {
        sendgrid: {
          id: ID,
          key: "sendgrid",
          type: "email",
          provider: "smtp",
          deliver: false,
          settings: { from_address: "hi@example.com" },
          conditions: { all: [] },
        },
        fcm: {
          id: getChannelId("fcm"),
          key: "fcm",
          type: "push",
          provider: "push_sandbox",
          deliver: false,
          settings: {},
          conditions: null,
        },
        slack: null,
      },
      active: { "old-digest": false },
      preferences: { channel_types: { sms: false } },
      branding: { primary_color: "#ff0000" },
    });
  });

  it("E-083 parses a variable's text as JSON where possible", () => {
    expect(parse(EXAMPLE).variables).toEqual({
      app_url: "https://app.example.com",
      flag: true,
      count: 3,
      list: [1, 2],
      version: "1.2.3",
      word: null,
    });
  });

  it("needs no fields, and treats null as absent", () => {
    const names = ["name", "timezone", "channels", "workflows", "variables", "preferences", "branding"];
    expect(parse(Object.fromEntries(names.map((name) => [name, null])))).toEqual(parse({}));
    expect(isUuid(getChannelId("anything"))).toBe(true);
  });

  it("contains no undeclared name, such as those that every object has", () => {
    const { channels, active, channel_groups: groups } = parse(EXAMPLE);
    for (const name of ["constructor", "toString", "valueOf", "hasOwnProperty"])
      expect([channels[name], active[name], groups[name]]).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, Json, string[]]>([
    ["a list", [], [" must be an object, found a list"]],
    ["an unknown key", { chanels: {} }, ['/chanels unknown key "chanels"; did you mean "channels"?']],
    [
      "an unknown key of a channel",
      { channels: { a: { type: "sms", delivr: true } } },
      ['/channels/a/delivr unknown key "delivr"; did you mean "deliver"?'],
    ],
    [
      "an unknown key of a workflow",
      { workflows: { a: { activ: false } } },
      ['/workflows/a/activ unknown key "activ"; did you mean "active"?'],
    ],
    ["no type", { channels: { "a/b": {} } }, [expect.stringMatching(/^\/channels\/a~1b\/type is required: "email", /)]],
    ["an unknown type", { channels: { a: { type: "emial" } } }, [expect.stringMatching(/did you mean "email"\?$/)]],
    ["a channel that is a string", { channels: { a: "email" } }, ["/channels/a must be an object, found a string"]],
    ["an id that is not a UUID", { channels: { a: { type: "sms", id: "c-1" } } }, ["/channels/a/id must be a UUID"]],
    ["an empty id", { channels: { a: { type: "sms", id: "" } } }, ["/channels/a/id must be a UUID"]],
    [
      "E-090 a channel's condition on a step's status",
      {
        channels: {
          a: { type: "sms", conditions: { all: [{ variable: "refs.a.delivery_status", operator: "exists" }] } },
        },
      },
      ["/channels/a/conditions/all/0/variable can use message statuses only in step and branch conditions"],
    ],
    [
      "a boolean that is a string",
      { workflows: { a: { active: "no" } } },
      ["/workflows/a/active must be true or false, found a string"],
    ],
    ["a time zone that is a number", { timezone: 1 }, ["/timezone must be a string, found a number"]],
    [
      "default preferences with a misspelled key, channel type and value",
      { preferences: { default: { chanels: {}, channel_types: { mail: false, sms: "no" } } } },
      [
        "/preferences/default/channel_types/sms must be true, false or an object with conditions, found a string",
        expect.stringMatching(/^\/preferences\/default\/channel_types\/mail unknown key "mail"/),
        '/preferences/default/chanels unknown key "chanels"; did you mean "channels"?',
      ],
    ],
    [
      "preferences without a name",
      { preferences: { channel_types: {} } },
      ['/preferences/channel_types unknown key "channel_types"; valid keys are default'],
    ],
    ["tracking without a base", { tracking: {} }, ["/tracking/base_url is required (a string)"]],
    [
      "tracking with an unknown key",
      { tracking: { base_url: "http://a", url: 1 } },
      [expect.stringContaining("/tracking/url unknown key")],
    ],
    [
      "a base that is not a URL",
      { tracking: { base_url: "go.lark.test" } },
      ["/tracking/base_url must be an http:// or https:// URL without a query"],
    ],
    [
      "a base with a query",
      { tracking: { base_url: "https://go.lark.test/?a" } },
      ["/tracking/base_url must be an http:// or https:// URL without a query"],
    ],
    [
      "a base with a quotation mark",
      { tracking: { base_url: 'https://a"b' } },
      ["/tracking/base_url must be an http:// or https:// URL without a query"],
    ],
    [
      "a base with a password",
      { tracking: { base_url: "https://a:b@lark.test" } },
      ["/tracking/base_url must be an http:// or https:// URL without a query"],
    ],
    [
      "A-003 a key with a space, and an empty one",
      { keys: ["sk_1", "My API Key", ""] },
      [
        "/keys/1 must be printable ASCII without spaces: clients send it as a bearer token",
        "/keys/2 must be printable ASCII without spaces: clients send it as a bearer token",
      ],
    ],
    ["keys that are numbers", { keys: ["sk_1", 2] }, ["/keys/1 must be a string, found a number"]],
  ])("rejects %s", (_what, raw, expected) => {
    expect(faults(raw)).toEqual(expected);
  });

  it("reports the errors of fields, keys, settings and rules over several fields together", () => {
    const raw: Json = {
      locale: 1,
      channels: {
        mail: { type: "email", deliver: "yes", provider: "sendgrid", settings: { api_key: "SG.plain" } },
        text: { type: "sms", nmae: "x", conditions: { all: [{ variable: "data.a", operator: "equals" }] } },
      },
      channel_groups: { phones: { type: "push", rules: [{ rule_type: "always", channel: "text", index: "0" }] } },
      variables: { token: { value: "plain", secret: true } },
      webhooks: [{ url: "https://a.test" }, { url: "https://a.test", events: null, evnts: [] }],
    };
    expect(faults(raw)).toEqual([
      "/locale must be a string, found a number",
      "/channels/mail/deliver must be true or false, found a string",
      '/channels/mail/settings/api_key is a secret and must name an environment variable, such as "$API_KEY": never write it here',
      '/channels/text/nmae unknown key "nmae"; did you mean "name"?',
      '/channels/text/conditions/all/0/operator is not a known operator: "equals"; did you mean "equal_to"?',
      "/channel_groups/phones/rules/0/index must be a whole number of at least 0, found a string",
      '/webhooks/1/evnts unknown key "evnts"; did you mean "events"?',
      '/channel_groups/phones/rules/0/channel "text" is of type "sms", but the group\'s type is "push"',
      '/variables/token/value is secret and must name an environment variable, such as "$TOKEN": never write it here',
      "/webhooks/1/url has the same events as webhooks[0]",
    ]);
  });

  it("names the file and the first location, and is project_invalid", () => {
    const error = catchThrown(() => parse({ channels: { a: { type: 1, id: 2 } } }));
    expect(error.code).toBe("project_invalid");
    expect(error.message).toMatch(
      /^environment\.json: channels\.a\.id must be a string, found a number \(and 1 more\)$/,
    );
  });

  it("handles a depth of 100,000 and a key __proto__", () => {
    expect(catchThrown(() => parse({ variables: { x: buildNestedJson(100_000) } })).code).toBe("project_invalid");
    const attack = JSON.parse('{"variables":{"__proto__":{"polluted":1}}}') as Json;
    expect(faults(attack)).toEqual(["/variables/__proto__ is not allowed as a key"]);
    expect(({} as JsonObject).polluted).toBeUndefined();
  });

  it("throws only KnockErrors, and preferences can be decided with every accepted environment", () => {
    const keys = [
      ...Object.keys(EXAMPLE),
      "default",
      "channel_types",
      "type",
      "workflows",
      "categories",
      "__strategy__",
    ];
    const raw = fc.oneof(arbitraryMutation(EXAMPLE, arbitraryJson(...keys)), arbitraryJson(...keys));
    fc.assert(
      fc.property(raw, (value) => {
        try {
          const environment = parse(value);
          const set = resolvePreferenceSet({
            recipient: {},
            tenant: "t",
            tenantDefaults: null,
            environment: environment.preferences,
          });
          const channel = { id: ID, key: "sendgrid", type: "email" as const };
          decidePreferences({
            set,
            workflow: { key: "w", categories: ["a"], is_commercial: true, override_preferences: false },
            channel,
            evaluate: () => true,
          });
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          for (const { pointer } of error.details)
            expect([pointer, hasParent(value, pointer)]).toEqual([pointer, true]);
        }
      }),
      getPropertyRuns(10_000),
    );
  });
});
