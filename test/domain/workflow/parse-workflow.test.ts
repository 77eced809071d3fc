import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { isUuid } from "../../../src/util/ids.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";
import { buildNestedJson } from "../../helpers/json-arbitraries.js";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const when = (variable: string, operator = "equal_to", argument: Json = "1"): JsonObject => ({
  all: [{ variable, operator, argument }],
});

function sms(more: JsonObject = {}, ref = "sms_1"): JsonObject {
  return { ref, type: "channel", channel_type: "sms", channel_key: "text", template: { text_body: "Hi" }, ...more };
}

function channel(channel_type: string, template: Json, more: JsonObject = {}): JsonObject {
  return { ref: "one", type: "channel", channel_type, channel_key: "c", template, ...more };
}

const delay = (settings: Json): JsonObject => ({ ref: "delay_1", type: "delay", settings });
const branch = (branches: Json, more: JsonObject = {}): JsonObject => ({
  ref: "branch_1",
  type: "branch",
  branches,
  ...more,
});
const two = (first: JsonObject, last: JsonObject = {}): Json[] => [
  { conditions: when("data.a"), ...first },
  { name: "Default", ...last },
];

const parse = (raw: Json) => parseWorkflow("parcel", raw);
const faults = (raw: unknown): string[] => formatDetails(catchThrown(() => parseWorkflow("parcel", raw)));
/** Returns the errors of one step, with pointers relative to it. */
const stepFaults = (step: Json): string[] => faults({ steps: [step] }).map((fault) => fault.replace("/steps/0", ""));

describe("the envelope (section 4)", () => {
  it("applies the defaults of omitted fields (F-024, F-027)", () => {
    expect(parse({ steps: [] })).toMatchObject({
      key: "parcel",
      name: "parcel",
      categories: [],
      conditions: null,
      trigger_frequency: "every_trigger",
      trigger_data_json_schema: null,
      settings: { is_commercial: false, override_preferences: false },
      active: true,
      steps: [],
    });
  });

  it("treats null as absent, and ignores unknown fields (F-020 to F-026)", () => {
    const nulls = { name: null, categories: null, conditions: null, settings: null, trigger_frequency: null };
    expect(parse({ ...nulls, trigger_data_json_schema: null, steps: [] })).toEqual(parse({ steps: [] }));
    expect(parse({ $schema: "x", description: "d", tags: ["t"], future: { a: 1 }, steps: [] })).toEqual(
      parse({ steps: [] }),
    );
  });

  it.each<[JsonObject, boolean]>([
    [{}, true],
    [{ active: false }, false],
    [{ __readonly: { active: false } }, false],
    [{ __readonly: { active: true }, active: false }, true],
    [{ __readonly: { key: "x" } }, true],
    [{ __readonly: "x" }, true],
  ])("F-024 treats active %j as: %s", (fields, active) => {
    expect(parse({ ...fields, steps: [] }).active).toBe(active);
  });

  it.each<[string, Json, string[]]>([
    ["a list", [], [" must be an object"]],
    ["null", null, [" must be an object"]],
    ["no steps", {}, ["/steps must be a list of steps"]],
    ["steps under keys", { steps: {} }, ["/steps must be a list of steps"]],
    ["a name of 256 characters", { name: "x".repeat(256), steps: [] }, ["/name must be at most 255 characters"]],
    [
      "a category that is a number",
      { categories: ["a", 1], steps: [] },
      ["/categories/1 must be a string, found a number"],
    ],
    ["one category", { categories: "a", steps: [] }, ["/categories must be a list, found a string"]],
    [
      "a frequency mistyped",
      { trigger_frequency: "once_per_recipent", steps: [] },
      [
        '/trigger_frequency must be "every_trigger", "once_per_recipient" or "once_per_recipient_per_tenant", found "once_per_recipent"; did you mean "once_per_recipient"?',
      ],
    ],
    [
      "a setting that is text",
      { settings: { is_commercial: "yes" }, steps: [] },
      ["/settings/is_commercial must be true or false, found a string"],
    ],
    [
      "a schema that is a list",
      { trigger_data_json_schema: [], steps: [] },
      ["/trigger_data_json_schema must be an object"],
    ],
    [
      "a schema of a type that does not exist",
      { trigger_data_json_schema: { properties: { page: { type: "strng" } } }, steps: [] },
      [
        '/trigger_data_json_schema/properties/page/type must be "string", "number", "integer", "boolean", "object", "array" or "null", found "strng"; did you mean "string"?',
      ],
    ],
    [
      "E-090 a trigger condition on a message",
      { conditions: when("refs.sms_1.delivery_status"), steps: [sms()] },
      ["/conditions/all/0/variable can use message statuses only in step and branch conditions"],
    ],
  ])("rejects %s", (_what, raw, expected) => {
    expect(faults(raw)).toEqual(expected);
  });

  it("reports workflow_invalid with the workflow and the number of errors", () => {
    const error = catchThrown(() => parse({ name: 1, steps: [{ type: "delay", ref: "d", settings: {} }] }));
    expect(error.code).toBe("workflow_invalid");
    expect(error.message).toBe('workflow "parcel": name must be a string, found a number (and 1 more)');
  });

  it.each<JsonObject>([
    { steps: buildNestedJson(100_000, "[", "]") },
    { steps: [], conditions: buildNestedJson(50_000, '{"all":[', "]}") },
  ])("handles a depth of 100,000", (raw) => {
    expect(catchThrown(() => parse(raw)).code).toBe("workflow_invalid");
  });

  it("rejects a key __proto__", () => {
    const raw = JSON.parse('{"steps":[],"settings":{"__proto__":{"is_commercial":true}}}') as Json;
    expect(faults(raw)).toEqual(["/settings/__proto__ is not allowed as a key"]);
  });
});

describe("version ids", () => {
  const base: JsonObject = { name: "Parcel", steps: [sms()] };

  it("are UUIDs, and equal for equal files with any active flag and read-only fields", () => {
    const { version_id } = parse(base);
    expect(isUuid(version_id)).toBe(true);
    for (const same of [
      structuredClone(base),
      { ...base, active: false },
      { ...base, __readonly: { sha: "x" } },
      { ...base, description: "d" },
    ])
      expect(parse(same).version_id).toBe(version_id);
  });

  it("differ with the key and with every change of a run's behavior", () => {
    const variants: JsonObject[] = [
      base,
      { ...base, name: "Parcels" },
      { ...base, categories: ["a"] },
      { ...base, conditions: when("data.a") },
      { ...base, trigger_frequency: "once_per_recipient" },
      { ...base, settings: { is_commercial: true } },
      { ...base, settings: { override_preferences: true } },
      { ...base, trigger_data_json_schema: { type: "object" } },
      { ...base, steps: [] },
      { ...base, steps: [sms({ template: { text_body: "Ho" } })] },
      { ...base, steps: [sms({ conditions: when("data.a") })] },
      { ...base, steps: [sms({}, "sms_2")] },
      { ...base, steps: [delay({ delay_for: { unit: "days", value: 1 } }), sms()] },
      { ...base, steps: [delay({ delay_for: { unit: "days", value: 2 } }), sms()] },
    ];
    const ids = [...variants.map((raw) => parse(raw).version_id), parseWorkflow("other", base).version_id];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("steps (F-040)", () => {
  it.each<[string, Json, string[]]>([
    ["a step that is text", "email", [" must be an object, found a string"]],
    ["no type", { ref: "a" }, ['/type is required (a step type, such as "channel")']],
    [
      "a type mistyped",
      { ref: "a", type: "chanel" },
      ['/type is not a known step type: "chanel"; did you mean "channel"?'],
    ],
    [
      "a channel type as type",
      { ref: "a", type: "push" },
      ['/type is not a known step type: "push"; use "type": "channel" with "channel_type": "push"'],
    ],
    [
      "a type with the name of an object's property",
      { ref: "a", type: "constructor" },
      ['/type is not a known step type: "constructor"'],
    ],
    [
      "an unknown type, with the errors in the fields that every step has",
      { type: "chanel", name: 7, conditions: { all: [{ variable: "data.a", operator: "==" }] }, anything: true },
      [
        '/type is not a known step type: "chanel"; did you mean "channel"?',
        "/ref is required (a name unique in the workflow)",
        "/name must be a string, found a number",
        '/conditions/all/0/operator is not a known operator: "=="; did you mean "equal_to"?',
      ],
    ],
    [
      "no ref, with its other errors",
      { type: "delay", settings: {} },
      ["/ref is required (a name unique in the workflow)", "/settings must have delay_for or delay_until_field_path"],
    ],
    ["a ref with a NUL", sms({ ref: "a\0b" }), ["/ref must not contain NUL or half a surrogate pair"]],
    ["an empty ref", sms({ ref: "" }), ["/ref is required (a name unique in the workflow)"]],
    ["a ref that is a number", sms({ ref: 1 }), ["/ref is required (a name unique in the workflow)"]],
  ])("rejects %s", (_what, step, expected) => {
    expect(stepFaults(step)).toEqual(expected);
  });

  it("requires unique refs, also in branches", () => {
    const raw = { steps: [sms(), branch(two({ steps: [sms({}, "x"), sms()] }, { steps: [sms({}, "x")] }))] };
    expect(faults(raw)).toEqual([
      '/steps/1/branches/0/steps/1/ref "sms_1" is already the ref of another step',
      '/steps/1/branches/1/steps/0/ref "x" is already the ref of another step',
    ]);
  });
});

describe("channel steps (F-041, F-042, F-052)", () => {
  it.each<[string, Json, string[]]>([
    ["no channel", sms({ channel_key: null }), ["/channel_key is required (the key of a channel)"]],
    ["an empty channel", sms({ channel_key: "" }), ["/channel_key must not be empty"]],
    ["no template", sms({ template: null }), ["/template is required"]],
    ["a template that is text", sms({ template: "Hi" }), ["/template must be an object, found a string"]],
    [
      "a type mistyped",
      sms({ channel_type: "smss" }),
      [expect.stringMatching(/^\/channel_type must be .*did you mean "sms"\?$/)],
    ],
    [
      "a type with a typing mistake, with the step's other errors",
      sms({ channel_type: "smss", ref: "", channel_key: 7, send_windows: {} }),
      [
        expect.stringMatching(/^\/channel_type must be .*did you mean "sms"\?$/),
        "/ref is required (a name unique in the workflow)",
        "/channel_key must be a string, found a number",
        expect.stringMatching(/^\/send_windows must be a list/),
      ],
    ],
    ["an sms without a body", channel("sms", {}), ["/template/text_body is required (a string)"]],
    [
      "an sms with a number for a number",
      channel("sms", { text_body: "x", settings: { to_number: 49 } }),
      ["/template/settings/to_number must be a string, found a number"],
    ],
    [
      "an email without a body",
      channel("email", { subject: "S" }),
      ["/template/html_body is required (the email's HTML, or visual_blocks)"],
    ],
    ["an email without a subject", channel("email", { html_body: "x" }), ["/template/subject is required (a string)"]],
    [
      "a push of an unknown delivery type",
      channel("push", { text_body: "x", settings: { delivery_type: "loud" } }),
      ['/template/settings/delivery_type must be "content" or "silent", found "loud"'],
    ],
    [
      "a chat message without content",
      channel("chat", { markdown_body: "" }),
      ["/template/markdown_body is required (or json_body)"],
    ],
    [
      "a button without an action",
      channel("in_app_feed", { markdown_body: "x", action_buttons: [{ label: "Go" }] }),
      ["/template/action_buttons/0/action is required (a string)"],
    ],
    [
      "a webhook with no method",
      channel("http", { url: "x" }),
      [
        '/template/method is required: "get", "post", "put", "delete", "patch", "GET", "POST", "PUT", "DELETE" or "PATCH"',
      ],
    ],
    [
      "headers that are a number",
      channel("http", { url: "x", method: "get", headers: 5 }),
      ["/template/headers must be a list of key and value, or a template, found a number"],
    ],
    [
      "a cc that is a list",
      channel("email", { subject: "S", html_body: "" }, { channel_overrides: { cc_address: ["a"] } }),
      ["/channel_overrides/cc_address must be a string, found a list"],
    ],
  ])("rejects %s", (_what, step, expected) => {
    expect(stepFaults(step)).toEqual(expected);
  });

  it("leaves a missing type to the environment", () => {
    const [step] = parse({ steps: [sms({ channel_type: null, template: { anything: 1 } })] }).steps;
    expect(step).toMatchObject({ type: "channel", channel_type: null, template: { anything: 1 } });
  });

  const windows = (monday: JsonObject): Json[] =>
    DAYS.map((day) => ({ day, type: "send", ...(day === "monday" ? monday : {}) }));

  it("parses send windows, with times as text or as minutes since midnight (section 6.5)", () => {
    const parsed = parse({ steps: [sms({ send_windows: windows({ from: 540, until: "17:30" }) })] });
    expect(parsed.steps[0]).toMatchObject({
      send_windows: [
        { day: "monday", type: "send", from: "09:00:00", until: "17:30" },
        ...DAYS.slice(1).map((day) => ({ day, from: null, until: null })),
      ],
    });
  });

  it.each<[string, Json, string[]]>([
    ["six days", windows({}).slice(1), ["/send_windows must have one entry for each of the seven days"]],
    [
      "eight entries",
      [...windows({}), { day: "monday", type: "send" }],
      ["/send_windows must have one entry for each of the seven days"],
    ],
    [
      "a day twice",
      [...windows({}).slice(1), { day: "sunday", type: "send" }],
      ["/send_windows must have one entry for each of the seven days"],
    ],
    [
      "no day that sends",
      DAYS.map((day) => ({ day, type: "do_not_send" })),
      ["/send_windows must send on at least one day"],
    ],
    [
      "9:00",
      windows({ from: "9:00" }),
      ['/send_windows/0/from must be a time such as 09:00 or 17:30:00, found "9:00"'],
    ],
    [
      "24:00",
      windows({ until: "24:00" }),
      ['/send_windows/0/until must be a time such as 09:00 or 17:30:00, found "24:00"'],
    ],
    ["minus five minutes", windows({ from: -5 }), [expect.stringMatching(/^\/send_windows\/0\/from must be a time/)]],
    [
      "an end before its start",
      windows({ from: "17:00", until: "09:00" }),
      ["/send_windows/0/until must be later than from"],
    ],
    [
      "a window of no length",
      windows({ from: "09:00", until: "09:00:00" }),
      ["/send_windows/0/until must be later than from"],
    ],
    [
      "a day mistyped",
      windows({ day: "mondya" }),
      [expect.stringMatching(/^\/send_windows\/0\/day must be .*did you mean "monday"\?$/)],
    ],
    ["no list", {}, ["/send_windows must be a list, found an object"]],
  ])("rejects send windows of %s", (_what, send_windows, expected) => {
    expect(stepFaults(sms({ send_windows }))).toEqual(expected);
  });
});

describe("delay steps (F-047, section 6.3)", () => {
  const of = (value: Json, unit: Json = "days"): Json => ({ delay_for: { value, unit } });

  it.each<[string, Json, object]>([
    ["a fixed one", of(5, "minutes"), { delay_for: { unit: "minutes", value: 5 }, delay_until_field_path: null }],
    ["365 days", of(365), { delay_for: { unit: "days", value: 365 }, delay_until_field_path: null }],
    [
      "12 months of 30 days",
      of(12, "month"),
      { delay_for: { unit: "month", value: 12 }, delay_until_field_path: null },
    ],
    [
      "one until a field",
      { delay_until_field_path: "data.at" },
      { delay_for: null, delay_until_field_path: "data.at" },
    ],
    [
      "one before a field",
      { ...(of(-1) as JsonObject), delay_until_field_path: "data.at" },
      { delay_for: { unit: "days", value: -1 }, delay_until_field_path: "data.at" },
    ],
  ])("accepts %s", (_what, settings, expected) => {
    expect(parse({ steps: [delay(settings)] }).steps[0]).toMatchObject({ type: "delay", settings: expected });
  });

  it.each<[string, Json, string[]]>([
    ["no settings", null, ["/settings must be an object, found null"]],
    ["no duration", {}, ["/settings must have delay_for or delay_until_field_path"]],
    ["an empty path", { delay_until_field_path: "" }, ["/settings must have delay_for or delay_until_field_path"]],
    ["366 days", of(366), ["/settings/delay_for must be at most 365 days"]],
    ["13 months", of(13, "months"), ["/settings/delay_for must be at most 365 days"]],
    ["a time before now", of(-1), ["/settings/delay_for/value must not be negative"]],
    ["text for a number", of("5"), ["/settings/delay_for/value must be a number, found a string"]],
    [
      "a unit without a length",
      of(1, "years"),
      [expect.stringMatching(/^\/settings\/delay_for\/unit must be "seconds".*found "years"/)],
    ],
  ])("rejects %s", (_what, settings, expected) => {
    expect(stepFaults(delay(settings))).toEqual(expected);
  });
});

describe("branch steps (F-044)", () => {
  it("selects the marked default, or else the last branch", () => {
    const [step] = parse({
      steps: [branch(two({ name: "A", terminates: true, steps: [sms()] }, { default: true }))],
    }).steps;
    expect(step).toMatchObject({
      type: "branch",
      branches: [
        { name: "A", default: false, terminates: true, steps: [{ ref: "sms_1" }] },
        { name: "Default", default: true, terminates: false, conditions: null, steps: [] },
      ],
    });
  });

  it.each<[string, Json, string[]]>([
    ["none", branch([]), ["/branches must be a list of 2 to 10 branches, the default included"]],
    ["one", branch([{}]), ["/branches must be a list of 2 to 10 branches, the default included"]],
    [
      "eleven",
      branch([...Array(10).fill({ conditions: when("data.a") }), {}] as Json),
      ["/branches must be a list of 2 to 10 branches, the default included"],
    ],
    [
      "one that is text",
      branch([...two({}), "x"]),
      expect.arrayContaining(["/branches/2 must be an object, found a string"]),
    ],
    ["one without conditions", branch([{ name: "A" }, {}]), ["/branches/0/conditions needs at least one condition"]],
    [
      "one with an empty group",
      branch([{ conditions: { all: [] } }, {}]),
      ["/branches/0/conditions needs at least one condition"],
    ],
    [
      "a default with conditions",
      branch(two({}, { conditions: when("data.b") })),
      ["/branches/1/conditions the last branch is the default and has no conditions"],
    ],
    [
      "a default that is not last",
      branch([{ default: true, conditions: when("data.a") }, {}]),
      ["/branches/0 the default branch must be last"],
    ],
    [
      "a switch that is text",
      branch(two({ terminates: "yes" })),
      ["/branches/0/terminates must be true or false, found a string"],
    ],
    [
      "conditions on the step itself",
      branch(two({}), { conditions: when("data.a") }),
      ["/conditions a branch step has no conditions of its own"],
    ],
    [
      "an error inside a branch",
      branch(two({ steps: [delay({})] })),
      ["/branches/0/steps/0/settings must have delay_for or delay_until_field_path"],
    ],
  ])("rejects %s", (_what, step, expected) => {
    expect(stepFaults(step)).toEqual(expected);
  });

  const deep = (levels: number): JsonObject =>
    Array.from({ length: levels - 1 }).reduce<JsonObject>(
      (inner, _, index) => branch(two({ steps: [inner] }), { ref: `b${index}` }),
      branch(two({}), { ref: "b" }),
    );

  it("allows a nesting of up to five", () => {
    expect(() => parse({ steps: [deep(5)] })).not.toThrow();
    expect(stepFaults(deep(6))).toEqual([`${"/branches/0/steps/0".repeat(5)} branches may nest at most 5 deep`]);
  });
});
