import { describe, expect, it } from "vitest";
import { guideSchema } from "../../../src/domain/guide/guide-schema.js";
import { messageTypeSchema } from "../../../src/domain/guide/message-type-schema.js";
import { parseGuide } from "../../../src/domain/guide/parse-guide.js";
import { parseMessageType } from "../../../src/domain/guide/parse-message-type.js";
import { findUnknownKeys } from "../../../src/domain/schema/check-document.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

const FIELDS: JsonObject[] = [
  { type: "text", key: "title", label: "Title", settings: { required: true, min_length: 2, maxLength: 10 } },
  { type: "markdown", key: "body", label: null },
  { type: "url", key: "link", label: null },
  { type: "color", key: "tint", label: null },
  { type: "boolean", key: "closable", label: null, settings: { default: true } },
  { type: "number", key: "order", label: null, settings: { min: 1, max: 9 } },
  { type: "select", key: "size", label: null, settings: { options: [{ value: "s" }, { value: "l", label: "Large" }] } },
  { type: "multi_select", key: "tags", label: null, settings: { options: [{ value: "a" }], default: [] } },
  { type: "button", key: "button", label: null, action: { settings: { default: "/go" } } },
  { type: "image", key: "image", label: null },
  { type: "json", key: "extra", label: null, settings: { schema: { type: "object", required: ["a"] } } },
  { type: "list", key: "items", label: null, settings: { itemSchema: { type: "string" } } },
];

function getType(fields: unknown[], more: JsonObject = {}): JsonObject {
  return {
    name: "Banner",
    preview: "<p></p>",
    variants: [{ key: "default", name: "Default", fields }],
    ...more,
  } as JsonObject;
}

const BANNER = parseMessageType("banner", getType(FIELDS), "message-types/banner/message_type.json");

function step(values: JsonObject = { title: "Hi" }, more: JsonObject = {}): JsonObject {
  return { ref: "one", schema_key: "banner", schema_semver: "0.1.0", schema_variant_key: "default", values, ...more };
}

function parse(raw: unknown) {
  return parseGuide("tour", raw, {
    fileName: "guides/tour/guide.json",
    messageTypes: new Map<string, typeof BANNER | KnockError>([
      ["banner", BANNER],
      ["broken", new KnockError("project_invalid", "message-types/broken/message_type.json: broken")],
    ]),
    findDeclaredType: (key) => ({ tours: "in_app_guide", feed: "in_app_feed" })[key],
    isManaged: false,
  });
}

function guide(more: JsonObject = {}): JsonObject {
  return { name: "Tour", channel_key: "tours", steps: [step()], ...more };
}

describe("a guide (section 13)", () => {
  it("has the values of its file and its message type", () => {
    const parsed = parse(
      guide({
        steps: [step({ title: "Hi", button: { text: "Open" }, extra: { a: 1 }, items: ["{{ x }}", "y"], size: "l" })],
        target_audience_key: "club",
        activation_location_rules: [{ pathname: "/home" }],
        __readonly: { active: false, semver: "2.0.0", active_from: "2025-01-01T00:00:00Z", active_until: null },
      }),
    );
    expect(parsed).toMatchObject({
      key: "tour",
      type: "banner",
      semver: "2.0.0",
      active: false,
      active_from: Date.parse("2025-01-01"),
      active_until: null,
      target_audience_key: "club",
      activation_url_patterns: [{ directive: "allow", pathname: "/home", search: null }],
    });
    const values = Object.fromEntries((parsed.steps[0]?.content ?? []).map(({ key, value }) => [key, value]));
    expect(values).toEqual({
      title: "Hi",
      body: null,
      link: null,
      tint: null,
      closable: true,
      order: null,
      size: "l",
      tags: [],
      button: { text: "Open", action: "/go" },
      image: null,
      extra: { a: 1 },
      items: ["{{ x }}", "y"],
    });
  });

  it("F-026 reports keys without an effect", () => {
    const raw = guide({ colour: "red", __readonly: { x: 1 }, steps: [step(undefined, { valeus: {}, "name@": "x" })] });
    expect(parse(raw)).toMatchObject({ key: "tour" });
    expect(findUnknownKeys(guideSchema(), raw)).toEqual([
      { path: ["steps", 0, "valeus"], message: 'unknown key "valeus"; did you mean "values"?' },
      { path: ["colour"], message: 'unknown key "colour"' },
    ]);
  });

  it("reports all errors at once, each once", () => {
    const broken: JsonObject = {
      name: 7,
      channel_key: "feed",
      active_from: "soon",
      steps: [step({ titel: "x" }), step(undefined, { ref: "" }), step(undefined, { ref: "two" })],
      activation_url_patterns: [{ directive: "deny" }, { pathname: "/(" }],
    };
    expect(formatDetails(catchThrown(() => parse(guide(broken))))).toEqual([
      "/name must be a string, found a number",
      "/steps/1/ref must not be empty",
      '/activation_url_patterns/0/directive must be "allow" or "block", found "deny"',
      "/activation_url_patterns/0 must have a pathname, a search, or both",
      '/active_from must be an ISO 8601 time, found "soon"',
      '/channel_key must be an in-app guide channel, but "feed" is of type in_app_feed',
      '/steps/0/values/titel is not a field of "banner"; did you mean "title"?',
      "/steps/0/values/title is required",
      '/activation_url_patterns/1/pathname is not a valid URL pattern: "/("',
    ]);
  });

  const conditions = (variable: string) => ({ all: [{ variable, operator: "exists" }] });
  it.each<[string, JsonObject, string]>([
    ["no name", { name: 7 }, "/name must be a string, found a number"],
    ["no channel", { channel_key: null }, "/channel_key must be a string, found null"],
    [
      "another channel",
      { channel_key: "feed" },
      '/channel_key must be an in-app guide channel, but "feed" is of type in_app_feed',
    ],
    ["no steps", { steps: [] }, "/steps must have at least one step"],
    ["a duplicate ref", { steps: [step(), step()] }, '/steps/1/ref "one" is already the ref of another step'],
    ["no message type", { steps: [step({}, { schema_key: "baner" })] }, 'did you mean "banner"?'],
    [
      "an invalid message type",
      { steps: [step({}, { schema_key: "broken" })] },
      "/steps/0/schema_key refers to an invalid message type",
    ],
    [
      "no variant",
      { steps: [step({}, { schema_variant_key: "x" })] },
      '/steps/0/schema_variant_key is not a variant of "banner" (default)',
    ],
    [
      "an unknown field",
      { steps: [step({ title: "Hi", titel: "x" })] },
      '/steps/0/values/titel is not a field of "banner"; did you mean "title"?',
    ],
    ["a missing field", { steps: [step({})] }, "/steps/0/values/title is required"],
    [
      "a text that is too short",
      { steps: [step({ title: "x" })] },
      "/steps/0/values/title must have at least 2 characters",
    ],
    ["a text that is too long", { steps: [step({ title: "12345678901" })] }, "must have at most 10 characters"],
    [
      "a script URL",
      { steps: [step({ title: "Hi", link: "javascript:alert(1)" })] },
      "/steps/0/values/link must not be a script",
    ],
    [
      "a button's script URL",
      { steps: [step({ title: "Hi", button: { action: " JavaScript:x" } })] },
      "/button/action must not be a script",
    ],
    [
      "an unknown part of a button",
      { steps: [step({ title: "Hi", button: { label: "x" } })] },
      "/button/label is not a part of a button: text, action",
    ],
    [
      "an invalid button",
      { steps: [step({ title: "Hi", button: "x" })] },
      "/button must be an object with text, action",
    ],
    ["an invalid color", { steps: [step({ title: "Hi", tint: "blue" })] }, "/tint must be a color"],
    ["an invalid boolean", { steps: [step({ title: "Hi", closable: "yes" })] }, "/closable must be true or false"],
    ["an invalid number", { steps: [step({ title: "Hi", order: "7" })] }, "/order must be a number"],
    ["a number that is too large", { steps: [step({ title: "Hi", order: 10 })] }, "/order must be at most 9, found 10"],
    ["an unknown option", { steps: [step({ title: "Hi", size: "m" })] }, "/size must be one of s, l"],
    ["an unknown option among several", { steps: [step({ title: "Hi", tags: ["b"] })] }, "/tags/0 must be one of a"],
    [
      "JSON of another schema",
      { steps: [step({ title: "Hi", extra: { b: 1 } })] },
      "/extra does not match the field's schema",
    ],
    ["an item of another schema", { steps: [step({ title: "Hi", items: ["a", 1] })] }, "/items item 1 does not match"],
    ["partials", { steps: [step({ title: "{% render 'x' %}" })] }, "/steps/0/values cannot render partials"],
    [
      "an invalid pattern",
      { activation_url_patterns: [{ pathname: "/(" }] },
      '/activation_url_patterns/0/pathname is not a valid URL pattern: "/("',
    ],
    [
      "a pattern that is too long",
      { activation_url_patterns: [{ pathname: `/${"a".repeat(2_000)}` }] },
      "/activation_url_patterns/0/pathname must be at most 2000 characters, found 2001",
    ],
    [
      "an empty pattern",
      { activation_url_patterns: [{ directive: "block" }] },
      "must have a pathname, a search, or both",
    ],
    [
      "an invalid directive",
      { activation_url_patterns: [{ directive: "deny", pathname: "/" }] },
      "/activation_url_patterns/0/directive",
    ],
    [
      "deprecated rules next to patterns",
      { activation_url_patterns: [{ pathname: "/" }], activation_location_rules: [{ pathname: "/" }] },
      "/activation_location_rules cannot be combined with",
    ],
    ["an invalid time", { active_from: "soon" }, "/active_from must be an ISO 8601 time"],
    [
      "a window that ends before it starts",
      { active_from: "2025-01-02T00:00:00Z", __readonly: { active_until: "2025-01-01T00:00:00Z" } },
      "/active_until must be after active_from",
    ],
    [
      "an unknown operator",
      { target_property_conditions: { all: [{ variable: "recipient.a", operator: "is" }] } },
      "/operator is not a known operator",
    ],
    [
      "E-088 an actor",
      { target_property_conditions: conditions("actor.id") },
      "must start with one of recipient, tenant, data, vars",
    ],
    ["a message", { target_property_conditions: conditions("refs.a.delivery_status") }, "must start with one of"],
  ])("with %s is rejected", (_title, more, fault) => {
    const faults = formatDetails(catchThrown(() => parse(guide(more))));
    expect(faults.join("\n")).toContain(fault);
    expect(faults.length).toBeLessThanOrEqual(2);
  });

  it("that is not an object is rejected", () => {
    expect(catchThrown(() => parse([])).message).toContain("guides/tour/guide.json");
  });
});

describe("a message type (section 12)", () => {
  const refused = (raw: unknown): string[] => formatDetails(catchThrown(() => parseMessageType("banner", raw, "file")));
  it.each<[string, unknown, string]>([
    ["no preview", { ...getType([]), preview: null }, "/preview must be a string, found null"],
    [
      "no default",
      getType([], { variants: [{ key: "x", name: "X", fields: [] }] }),
      '/variants must have one with the key "default"',
    ],
    [
      "a duplicate variant",
      getType([], {
        variants: [
          { key: "default", fields: [] },
          { key: "default", fields: [] },
        ],
      }),
      "/variants/1/key",
    ],
    ["an unknown field", getType([{ type: "texts", key: "a" }]), '/variants/0/fields/0/type must be "text"'],
    [
      "an unknown field without a key",
      getType([{ type: "texts", label: 7 }]),
      "/variants/0/fields/0/key is required (a string)",
    ],
    [
      "a duplicate key",
      getType([
        { type: "text", key: "a" },
        { type: "url", key: "a" },
      ]),
      '/variants/0/fields/1/key "a" is already',
    ],
    [
      "a select without options",
      getType([{ type: "select", key: "a" }]),
      "/variants/0/fields/0/settings is required: it contains the options",
    ],
    [
      "a limit of the wrong type",
      getType([{ type: "text", key: "a", settings: { min_length: "1" } }]),
      "/settings/min_length must be",
    ],
    [
      "an option without a value",
      getType([{ type: "select", key: "a", settings: { options: [{}] } }]),
      "/variants/0/fields/0/settings/options/0/value is required (a string)",
    ],
    [
      "an invalid JSON Schema",
      getType([{ type: "json", key: "a", settings: { schema: { type: "text" } } }]),
      "/variants/0/fields/0/settings/schema/type must be",
    ],
    ["a value that is not an object", [], " must be an object, found a list"],
  ])("with %s is rejected", (_title, raw, fault) => {
    expect(refused(raw).join("\n")).toContain(fault);
  });

  it("F-026 reports keys that its fields do not have", () => {
    const raw = getType([
      { type: "text", key: "a", settings: { max_lenght: 1, maxLength: 2 } },
      { type: "url", key: "b", action: {} },
    ]);
    expect(findUnknownKeys(messageTypeSchema(), raw)).toEqual([
      {
        path: ["variants", 0, "fields", 0, "settings", "max_lenght"],
        message: 'unknown key "max_lenght"; did you mean "max_length"?',
        suggestedKey: "max_length",
      },
      {
        path: ["variants", 0, "fields", 1, "action"],
        message: 'unknown key "action"; valid keys are type, key, label, settings',
      },
    ]);
  });
});
