import { describe, expect, it } from "vitest";
import { createDefaultEnvironment } from "../../../src/domain/environment/environment.js";
import { findUndefinedVariables } from "../../../src/engine/run/find-undefined-variables.js";
import type { JsonObject } from "../../../src/util/json.js";
import { compileSteps, smsStep } from "../../helpers/compile-steps.js";

const SCHEMA = {
  type: "object",
  properties: {
    page: { type: "string" },
    pages: { type: "array", items: { type: "object" } },
    order: { type: "object", properties: { total: { type: "number" } } },
    lines: { type: "array", items: { type: "object", properties: { sku: { type: "string" } } } },
  },
};
const ADA = { name: "Ada", nickname: "Countess" };

async function undefinedIn(
  text: string,
  { schema = SCHEMA, before = [] }: { schema?: JsonObject | null; before?: JsonObject[] } = {},
): Promise<string[]> {
  const more: JsonObject = schema === null ? {} : { trigger_data_json_schema: schema };
  const compiled = await compileSteps([...before, smsStep(text)], more);
  return findUndefinedVariables(compiled, createDefaultEnvironment(), [ADA]).map(({ message }) => message);
}

const notDeclared = (path: string): string => `${path} is not declared in trigger_data_json_schema`;
const misspelled = (path: string, meant: string): string => `${path} is undefined; did you mean "${meant}"?`;

describe("findUndefinedVariables", () => {
  it("accepts declared properties, with and without `data`", async () => {
    expect(
      await undefinedIn("{{ page }} {{ data.page }} {{ order.total }} {{ pages[0].title }} {{ data[0] }}"),
    ).toEqual([]);
  });

  it("accepts every variable that all runs have", async () => {
    const names = "recipient.id actor.id tenant.id vars.other workflow.id activities.size actors.size run.total_actors";
    const texts = [...names.split(" "), "timestamp", "total_activities", "total_actors"].map((name) => `{{ ${name} }}`);
    expect(await undefinedIn(texts.join(""))).toEqual([]);
  });

  it.each([
    "{{ refs.other }}",
    "{{ inputs.other }}",
    "{{ current_message.id }}",
    "{{ object.id }}",
    "{{ forloop.index }}",
    "{{ tablerowloop.index }}",
    "{{ continue }}",
  ])("accepts what only some steps have: %s", async (text) => {
    expect(await undefinedIn(text)).toEqual([]);
  });

  it.each([
    ["{{ customer }}", ["customer"]],
    ["{{ data.customer }}", ["data.customer"]],
    ["{{ data.customer.name }} {{ customer.name }}", ["data.customer.name", "customer.name"]],
    ["{{ activities[0].customer }}", ["activities.0.customer"]],
    ["{{ activities[0].data.customer }}", ["activities.0.data.customer"]],
    ["{% for activity in activities %}{{ activity.customer }}{% endfor %}", ["activity.customer"]],
    ["{{ data.order.due }} {{ order.due.day }}", ["data.order.due", "order.due.day"]],
    [
      "{{ activities[0].order.due }} {{ activities[0].data.order.due }}",
      ["activities.0.order.due", "activities.0.data.order.due"],
    ],
    ["{% for line in data.lines %}{{ line.sku }}{{ line.due }}{% endfor %}", ["line.due"]],
  ])("reports what the schema does not declare: %s", async (text, paths) => {
    expect(await undefinedIn(text)).toEqual(paths.map(notDeclared));
  });

  it.each([
    "{{ activities[0].page }} {{ activities[0].data.page }}",
    "{{ activities[0].id }} {{ activities[0].inserted_at }} {{ activities[0].updated_at }}",
    "{{ activities[0].actor.name }} {{ activities[0].recipient.name }} {{ activities[0].size }}",
    "{{ activities[0].data }} {{ activities[0].data.size }} {{ activities[0].data[0] }} {{ activities[0][0] }}",
    "{{ activities.customer.name }}",
  ])("accepts properties of activities: %s", async (text) => {
    expect(await undefinedIn(text)).toEqual([]);
  });

  it("accepts any property of the data without a schema", async () => {
    expect(await undefinedIn("{{ customer }} {{ data.customer }}", { schema: null })).toEqual([]);
  });

  it.each<JsonObject>([
    { additionalProperties: true },
    { additionalProperties: { type: "string" } },
    { patternProperties: { "^x": {} } },
    { $ref: "#/$defs/order" },
    { allOf: [{ properties: { due: {} } }] },
    { anyOf: [{ properties: { due: {} } }] },
    { if: {}, else: { properties: { due: {} } } },
    { properties: {} },
  ])("accepts what the schema of a nested object may allow: %j", async (more) => {
    const order: JsonObject = { type: "object", properties: { total: {} }, ...more };
    const schema: JsonObject = { properties: { order }, $defs: { order: { properties: { due: {} } } } };
    expect(await undefinedIn("{{ data.order.due }} {{ data.order.size }}", { schema })).toEqual([]);
  });

  it("accepts properties of a declared name that an earlier step sets", async () => {
    const update = { ref: "update", type: "update_data", settings: { data: '{ "order": { "due": 1 } }' } };
    expect(await undefinedIn("{{ data.order.due }}", { before: [update] })).toEqual([]);
  });

  it("accepts a property that an earlier step can add to the data", async () => {
    const fetch = { ref: "fetch", type: "http_fetch", settings: { method: "get", url: "https://x.test" } };
    expect(await undefinedIn("{{ customer }} {{ data.customer }}", { before: [fetch] })).toEqual([]);
  });

  it("accepts an assigned name, and a variable whose absence the template handles", async () => {
    expect(await undefinedIn('{% assign customer = page %}{{ customer }} {{ client | default: "you" }}')).toEqual([]);
  });

  it.each([
    ["{{ recipient.nickame }}", "recipient.nickame", "recipient.nickname"],
    ["{{ actor.nickame }}", "actor.nickame", "actor.nickname"],
    ["{{ tenant.nickame }}", "tenant.nickame", "tenant.nickname"],
    ["{{ actors[0].nickame }}", "actors.0.nickame", "actors.0.nickname"],
    ["{{ activities[0].actor.nickame }}", "activities.0.actor.nickame", "activities.0.actor.nickname"],
    ["{{ activities[0].recipient.nickame }}", "activities.0.recipient.nickame", "activities.0.recipient.nickname"],
  ])("reports a variable that is nearly one of a known recipient: %s", async (text, path, meant) => {
    expect(await undefinedIn(text)).toEqual([misspelled(path, meant)]);
  });

  it("reports a misspelled property of the data once", async () => {
    expect(await undefinedIn("{{ data.ordr }}")).toEqual([misspelled("data.ordr", "data.order")]);
  });

  it("does not take a name for an assigned one that is similar, unless the schema declares the data", async () => {
    const text = "{% assign comments = page %}{{ comment.text }}";
    expect(await undefinedIn(text, { schema: null })).toEqual([]);
    expect(await undefinedIn(text)).toEqual([misspelled("comment.text", "comments.text")]);
  });

  it("reports a misspelled property also of a name that the template assigns again", async () => {
    const text = "{% assign recipient = recipient %}{{ recipient.nickame }}";
    expect(await undefinedIn(text, { schema: null })).toEqual([misspelled("recipient.nickame", "recipient.nickname")]);
  });
});
