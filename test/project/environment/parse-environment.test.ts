import { describe, expect, it } from "vitest";
import { createDefaultEnvironment } from "../../../src/domain/environment/environment.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { collectFindings } from "../../helpers/parse-step.js";

const parse = (raw: Json) => parseEnvironment(raw, "environment.json");
const channels = { ios: { type: "push" }, droid: { type: "push" }, mail: { type: "email" } };

describe("channel groups (E-189, CH-060)", () => {
  const group = (rules: Json[], more: JsonObject = {}): JsonObject => ({
    channels,
    channel_groups: { phones: { type: "push", rules, ...more } },
  });

  it("sort their rules by index, and use the operator any by default", () => {
    const condition = { variable: "recipient.os", operator: "equal_to", argument: "ios" };
    const rules = [
      { index: 1, rule_type: "unless", channel: "droid", ...condition },
      { index: 0, rule_type: "if", channel: "ios", ...condition },
      { rule_type: "always", channel: "undeclared" },
    ];
    expect(parse(group(rules)).channel_groups.phones).toEqual({
      key: "phones",
      type: "push",
      operator: "any",
      rules: [rules[1], rules[0], { index: 2, rule_type: "always", channel: "undeclared" }],
    });
    expect(parse(group([], { operator: "all" })).channel_groups.phones).toMatchObject({ operator: "all", rules: [] });
  });

  it("E-190 accept a share of the recipients as a number or as text", () => {
    for (const argument of [12.5, "12.5"]) {
      const rule = {
        rule_type: "if",
        variable: "recipient.id",
        operator: "is_in_random_cohort",
        argument,
        channel: "ios",
      };
      expect(parse(group([rule])).channel_groups.phones?.rules).toEqual([{ ...rule, index: 0, argument: 12.5 }]);
    }
  });

  const cohort = {
    rule_type: "if",
    variable: "recipient.id",
    operator: "is_in_random_cohort",
    argument: 50,
    channel: "ios",
  };
  const at = "/channel_groups/phones/rules/0";
  it.each([
    [
      "another type",
      { rule_type: "always", channel: "mail" },
      `${at}/channel "mail" is of type "email", but the group's type is "push"`,
    ],
    ["no channel", { rule_type: "always" }, `${at}/channel is required (a string)`],
    [
      "rule_type",
      { rule_type: "when", channel: "ios" },
      `${at}/rule_type must be "always", "if" or "unless", found "when"`,
    ],
    [
      "no variable",
      { rule_type: "if", operator: "empty", channel: "ios" },
      `${at}/variable must be a path such as data.name`,
    ],
    [
      "operator",
      { ...cohort, operator: "is_in_random_cohorts" },
      `${at}/operator is not a known operator: "is_in_random_cohorts"; did you mean "is_in_random_cohort"?`,
    ],
    [
      "refs",
      { ...cohort, operator: "exists", variable: "refs.a.status" },
      `${at}/variable can use message statuses only in step and branch conditions`,
    ],
    [
      "E-190 101 percent",
      { ...cohort, argument: 101 },
      `${at}/argument must be a percentage from 0 to 100, with at most one decimal`,
    ],
    [
      "E-190 two decimals",
      { ...cohort, argument: "0.25" },
      `${at}/argument must be a percentage from 0 to 100, with at most one decimal`,
    ],
    [
      "E-190 another variable",
      { ...cohort, variable: "tenant.id" },
      `${at}/variable must be "recipient.id" with is_in_random_cohort, found "tenant.id"`,
    ],
    ["index", { ...cohort, index: -1 }, `${at}/index must be a whole number of at least 0, found -1`],
    ["unknown key", { ...cohort, chanel: "ios" }, `${at}/chanel unknown key "chanel"; did you mean "channel"?`],
  ] as [string, JsonObject, string][])("reject %s", (_title, rule, fault) => {
    expect(collectFindings(() => parse(group([rule])))).toEqual([fault]);
  });

  it("section 7 exclude guides, and have two operators", () => {
    const [type] = collectFindings(() => parse(group([], { type: "in_app_guide" })));
    expect(type).toMatch(/^\/channel_groups\/phones\/type must be "email"/);
    expect(collectFindings(() => parse(group([], { operator: "first" })))).toEqual([
      '/channel_groups/phones/operator must be "any" or "all", found "first"',
    ]);
  });

  it("allow the cohort operator only here, not in a channel's own conditions", () => {
    const { variable, operator, argument } = cohort;
    const conditions = { all: [{ variable, operator, argument }] };
    const [fault] = collectFindings(() => parse({ channels: { ios: { type: "push", conditions } } }));
    expect(fault).toMatch(/^\/channels\/ios\/conditions\/all\/0\/operator is not a known operator/);
  });
});

describe("the guide group (R-123)", () => {
  it("has an order, an interval, and guides without throttling", () => {
    const group = { display_sequence: ["b", "a"], display_sequence_unthrottled: ["a"], display_interval: 60 };
    expect(parse({ guide_groups: { default: group } }).guide_group).toEqual(group);
    expect(parse({ guide_groups: {} }).guide_group).toEqual(createDefaultEnvironment().guide_group);
  });

  it.each<[JsonObject, string]>([
    [{ others: {} }, '/guide_groups/others unknown key "others"'],
    [
      { default: { display_interval: 0 } },
      "/guide_groups/default/display_interval must be a whole number of at least 1, found 0",
    ],
    [{ default: { display_sequence: "a" } }, "/guide_groups/default/display_sequence must be a list, found a string"],
    [{ default: { sequence: [] } }, '/guide_groups/default/sequence unknown key "sequence"'],
  ])("rejects %j", (guide_groups, fault) => {
    expect(collectFindings(() => parse({ guide_groups }))).toEqual([expect.stringContaining(fault)]);
  });
});

describe("fetch responses", () => {
  it("allow and return nothing by default", () => {
    expect(parse({}).fetch).toEqual({ allow: [], answers: [] });
    expect(parse({ fetch: null, agent: null })).toEqual(createDefaultEnvironment());
  });

  it("default to GET, status 200 and no delay", () => {
    const url = "https://a.test/p/1?full=1";
    expect(parse({ fetch: { allow: ["https://a.test/"], answers: [{ url }] } }).fetch).toEqual({
      allow: ["https://a.test/"],
      answers: [{ method: "get", url, status: 200, body: undefined, headers: {}, delay_ms: 0, error: null }],
    });
    const answer = { url, status: 503, body: null, headers: { "retry-after": "1" }, delay_ms: 20, error: "timeout" };
    expect(parse({ fetch: { answers: [{ method: "POST", ...answer }] } }).fetch.answers).toEqual([
      { method: "post", ...answer },
    ]);
  });

  const answer = (more: JsonObject): JsonObject => ({ answers: [{ url: "http://a.test", ...more }] });
  it.each([
    [{ allow: ["a.test"] }, '/fetch/allow/0 must be a URL that starts with http:// or https://, found "a.test"'],
    [answer({ url: "/p" }), '/fetch/answers/0/url must be a URL that starts with http:// or https://, found "/p"'],
    [answer({ status: 99 }), "/fetch/answers/0/status must be a whole number from 100 to 599, found 99"],
    [answer({ status: "200" }), "/fetch/answers/0/status must be a whole number from 100 to 599, found a string"],
    [answer({ delay_ms: -1 }), "/fetch/answers/0/delay_ms must be a whole number of at least 0, found -1"],
    [answer({ headers: { a: 1 } }), "/fetch/answers/0/headers/a must be a string, found a number"],
    [answer({ error: "" }), "/fetch/answers/0/error must not be empty"],
    [answer({ stauts: 200 }), '/fetch/answers/0/stauts unknown key "stauts"; did you mean "status"?'],
    [{ answer: [] }, '/fetch/answer unknown key "answer"; did you mean "answers"?'],
  ] as [Json, string][])("reject %o", (fetch, fault) => {
    expect(collectFindings(() => parse({ fetch }))).toEqual([fault]);
  });
});

describe("agent responses (EQ-58)", () => {
  it("are a text, a JSON value or an error, for one step or any", () => {
    const answers: JsonObject[] = [
      { workflow: "ferry", step: "ai_agent_1", text: "" },
      { step: "ai_agent_2", json: { a: null } },
      { json: null },
      { error: "refused" },
    ];
    expect(parse({ agent: { url: "http://127.0.0.1:1/v1", answers } }).agent).toEqual({
      url: "http://127.0.0.1:1/v1",
      answers: answers.map((answer) => ({ workflow: null, step: null, ...answer })),
    });
    expect(parse({ agent: {} }).agent).toEqual({ url: null, answers: [] });
  });

  it.each([
    [{ answers: [{}] }, "/agent/answers/0 must have exactly one of text, json and error"],
    [{ answers: [{ text: "a", error: "b" }] }, "/agent/answers/0 must have exactly one of text, json and error"],
    [{ answers: [{ text: 1 }] }, "/agent/answers/0/text must be a string, found a number"],
    [{ url: "localhost" }, '/agent/url must be a URL that starts with http:// or https://, found "localhost"'],
    [{ model: "a" }, '/agent/model unknown key "model"; valid keys are url, answers'],
  ] as [Json, string][])("reject %o", (agent, fault) => {
    expect(collectFindings(() => parse({ agent }))).toEqual([fault]);
  });
});

it("reject excessive nesting without a stack overflow", () => {
  let deep: Json = {};
  for (let i = 0; i < 20_000; i++) deep = { all: [deep] };
  expect(() => parse({ channels: { a: { type: "email", conditions: deep } } })).toThrow(
    expect.objectContaining({ code: "project_invalid" }),
  );
});

describe("authentication of the local API (contract, section 6)", () => {
  it("allows every request unless keys are listed, and no signed users without a signing key", () => {
    expect(parse({}).access).toEqual({ keys: null, enhanced_security: false, signing_key: null });
    const access = { keys: ["sk_a", "pk_b"], enhanced_security: true, signing_key: "$KNOCK_SIGNING_KEY" };
    expect(parse(access).access).toEqual(access);
    expect(parse({ keys: [] }).access.keys).toEqual([]);
  });
});

describe("private_addresses", () => {
  it("are addresses and ranges", () => {
    expect(parse({}).private_addresses).toEqual([]);
    expect(parse({ private_addresses: ["172.18.0.0/16", "fd00::1"] }).private_addresses).toHaveLength(2);
    expect(collectFindings(() => parse({ private_addresses: ["localhost"] }))).toEqual([
      '/private_addresses/0 must be an IP address or a range such as "172.18.0.0/16", found "localhost"',
    ]);
  });

  it.each([
    [{ allow: ["http://[bad"] }, "/fetch/allow/0 must be a URL that starts with http:// or https://"],
    [{ allow: ["https://me:pw@a.test"] }, "/fetch/allow/0 must not contain a user name or password"],
    [{ allow: ["https://*.a.test"] }, "/fetch/allow/0 must name one host"],
  ])("reject %j", (fetch, fault) => {
    expect(collectFindings(() => parse({ fetch }))).toEqual([expect.stringContaining(fault)]);
  });
});

describe("allowed_origins", () => {
  it("are origins in the format of browsers", () => {
    const origins = ["https://app.example.com", "http://lark.test:3000", "null"];
    expect(parse({ allowed_origins: origins }).allowed_origins).toEqual(origins);
  });

  it.each(["*", "app.example.com", "https://app.example.com/", "https://App.example.com", "https://*.example.com"])(
    "reject %s",
    (origin) => {
      expect(collectFindings(() => parse({ allowed_origins: [origin] }))).toEqual([
        `/allowed_origins/0 must be an origin such as "https://app.example.com", found "${origin}"`,
      ]);
    },
  );
});
