import { describe, expect, it } from "vitest";
import { findUnprintableVariables } from "../../../src/engine/run/find-unprintable-variables.js";
import type { JsonObject } from "../../../src/util/json.js";
import { compileSteps, smsStep } from "../../helpers/compile-steps.js";

const SCHEMA: JsonObject = {
  properties: {
    title: { type: "string" },
    task: { type: "object", properties: { title: { type: "string" } } },
    tags: { type: "array", items: { type: "string" } },
    any: {},
  },
};
const BATCH: JsonObject = { ref: "b", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } };
const LEADING: JsonObject = {
  ...BATCH,
  settings: { ...(BATCH.settings as object), batch_execution_mode: "flush_leading" },
};
const CONDITIONS: JsonObject = { all: [{ variable: "data.title", operator: "exists" }] };
const update = (data: string): JsonObject => ({ ref: "u", type: "update_data", settings: { data } });

/** Returns the finding of each variable by its path. */
async function find(steps: JsonObject[], schema: JsonObject | null = SCHEMA): Promise<string[]> {
  const compiled = await compileSteps(steps, schema === null ? {} : { trigger_data_json_schema: schema });
  return findUnprintableVariables(compiled).map(({ code, read }) => `${read.writtenPath.join(".")} ${code}`);
}

const empty = (...paths: string[]): string[] => paths.map((path) => `${path} empty_after_batch`);
const object = (...paths: string[]): string[] => paths.map((path) => `${path} object_output`);

describe("findUnprintableVariables", () => {
  it.each([
    ["{{ data.task.title }} {{ task.title }}", ["data.task.title", "task.title"]],
    ["{{ data.task }} {{ tags | join: ', ' }}", ["data.task", "tags"]],
    ["{% for tag in data.tags %}{{ tag.name }}{% endfor %}", ["data.tags"]],
    ["{% assign t = data.task %}{{ t.title }}", ["data.task", "t.title"]],
  ])("reports what a batch removes from the data: %s", async (text, paths) => {
    expect(await find([BATCH, smsStep(text)])).toEqual(empty(...paths));
  });

  it("reports nested paths also without a schema, and steps in branches after the batch", async () => {
    const branches: JsonObject[] = [
      { name: "a", steps: [smsStep("{{ task.title }}")], conditions: CONDITIONS },
      { name: "b", steps: [] },
    ];
    expect(await find([BATCH, { ref: "x", type: "branch", branches }], null)).toEqual(empty("task.title"));
  });

  it.each([
    [
      "single values, activities and handled absence",
      [
        BATCH,
        smsStep(
          "{{ data.title }} {{ title.size }} {{ data.any }} {{ activities[0].task.title }} {{ data.task.title | default: 'x' }} {% if task %}{% endif %} {{ recipient.a.b }}",
        ),
      ],
    ],
    ["a step before the batch", [smsStep("{{ data.task.title }}"), BATCH]],
    ["a batch that conditions can skip", [{ ...BATCH, conditions: CONDITIONS }, smsStep("{{ data.task.title }}")]],
    ["a batch that lets the first run continue", [LEADING, smsStep("{{ data.task.title }}")]],
    [
      "a batch until a time that can be invalid",
      [{ ...BATCH, settings: { batch_until_field_path: "data.at" } }, smsStep("{{ data.task.title }}")],
    ],
    [
      "a property that a step sets after the batch",
      [BATCH, update('{ "task": { "title": 1 } }'), smsStep("{{ data.task.title }}")],
    ],
    [
      "any property after an update that is not known",
      [BATCH, update("{{ data | json }}"), smsStep("{{ data.task.title }}")],
    ],
    [
      "a batch in another branch",
      [
        {
          ref: "x",
          type: "branch",
          branches: [
            { name: "a", conditions: CONDITIONS, steps: [BATCH] },
            { name: "b", steps: [smsStep("{{ data.task.title }}")] },
          ],
        },
      ],
    ],
    [
      "a batch in a branch before",
      [
        {
          ref: "x",
          type: "branch",
          branches: [
            { name: "a", conditions: CONDITIONS, steps: [BATCH] },
            { name: "b", steps: [] },
          ],
        },
        smsStep("{{ data.task.title }}"),
      ],
    ],
  ] as [string, JsonObject[]][])("accepts %s", async (_name, steps) => {
    expect(await find(steps)).toEqual([]);
  });

  it("reports a property that a step has set before the batch", async () => {
    const steps = [update('{ "total": { "n": 1 } }'), BATCH, smsStep("{{ data.total.n }}")];
    expect(await find(steps)).toEqual(empty("data.total.n"));
  });

  it("reports objects that a text prints", async () => {
    const text =
      "{{ actor }} {{ task }} {{ data.task }} {{ data }} {% for a in activities %}{{ a.actor }}{{ a }}{% endfor %}";
    expect(await find([smsStep(text)])).toEqual(object("actor", "task", "data.task", "data", "a.actor", "a"));
    const [found] = findUnprintableVariables(await compileSteps([smsStep("{{ actor }}")]));
    expect(found?.message).toBe('actor is an object and is printed as JSON; did you mean "actor.name"?');
  });

  it.each([
    "{{ actor | json }} {{ task.title }} {{ tags }} {{ any }} {{ actor[title] }} {% if actor %}{% endif %}",
    "{% for tag in tags %}{{ tag }}{% endfor %} {% assign actor = title %}{{ actor }}",
  ])("accepts what is not printed as an object: %s", async (text) => {
    expect(await find([smsStep(text)])).toEqual([]);
  });

  it("accepts objects in JSON", async () => {
    const chat = { ref: "c", type: "channel", channel_type: "chat", channel_key: "chat" };
    expect(
      await find([
        { ...chat, template: { json_body: '{ "blocks": {{ data.task }} }' } },
        update('{ "a": {{ data.task }} }'),
      ]),
    ).toEqual([]);
  });
});
