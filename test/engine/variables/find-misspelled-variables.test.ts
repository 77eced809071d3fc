import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { parseText } from "../../../src/engine/liquid/liquid.js";
import {
  collectWorkflowVariables,
  findMisspelledVariables,
} from "../../../src/engine/variables/find-misspelled-variables.js";
import type { JsonObject } from "../../../src/util/json.js";

const SCOPE = {
  recipient: { id: "ada", name: "Ada", plan: "pro", last_name: "Lovelace", $preferences: {} },
  actor: null,
  tenant: { id: "acme", settings: { branding: { primary_color: "#000" } } },
  vars: { app_url: "https://app.example.com", branding: { primary_color: "#000" } },
  workflow: { key: "w", name: "W" },
  activities: [],
  actors: [],
  total_activities: 1,
  total_actors: 0,
  run: { total_activities: 1 },
  timestamp: "2025-06-04T10:00:00Z",
};

interface Given {
  data?: JsonObject;
  schema?: JsonObject;
  /** The steps before the step with the text. */
  before?: JsonObject[];
}

/** Returns `written → meant` for each reported variable of a text message. */
function reported(text: string, { data = {}, schema, before = [] }: Given = {}): string[] {
  const raw = {
    name: "W",
    steps: [
      ...before,
      { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms", template: { text_body: text } },
    ],
    ...(schema ? { trigger_data_json_schema: schema } : {}),
  };
  const workflow = parseWorkflow("w", raw);
  const steps = collectWorkflowVariables(workflow.steps, { parse: parseText, findFile: () => undefined });
  const scope = { ...data, ...SCOPE, data };
  return steps.flatMap((step) =>
    step.ref === "sms_1"
      ? findMisspelledVariables(step, [scope], workflow.trigger_data_json_schema).map(
          ({ path, suggestion: meant }) => `${path} → ${meant}`,
        )
      : [],
  );
}

const BATCH = { ref: "b", type: "batch", settings: { batch_window: { unit: "minutes", value: 10 } } };
const PHOTO_SCHEMA = { type: "object", properties: { photo: { type: "string" } } };
const COMMENTS = { comments: [{ text: "Hi", author: { name: "Bo" } }], title: "T" };

describe("findMisspelledVariables", () => {
  it.each<[what: string, text: string, given: Given, expected: string[]]>([
    ["a property of the recipient", "{{ recipient.plna }}", {}, ["recipient.plna → recipient.plan"]],
    ["a short key, where all keys are known", "{{ workflow.kee }}", {}, ["workflow.kee → workflow.key"]],
    ["a root", "{{ recipent.name }}", {}, ["recipent.name → recipient.name"]],
    ["data", "{{ data.tilte }} {{ tilte }}", { data: COMMENTS }, ["data.tilte → data.title", "tilte → title"]],
    ["a variable of the environment", "{{ vars.app_ulr }}", {}, ["vars.app_ulr → vars.app_url"]],
    ["a loop's list", "{% for c in commnets %}{{ c.text }}{% endfor %}", { data: COMMENTS }, ["commnets → comments"]],
    [
      "a loop's variable",
      "{% for c in data.comments %}{{ c.txet }}{% endfor %}",
      { data: COMMENTS },
      ["c.txet → c.text"],
    ],
    [
      "the name of a loop's variable",
      "{% for comment in comments %}{{ coment.text }}{% endfor %}",
      { data: COMMENTS },
      ["coment.text → comment.text"],
    ],
    [
      "a nested loop variable",
      "{% for c in comments %}{{ c.author.nmae }}{% endfor %}",
      { data: COMMENTS },
      ["c.author.nmae → c.author.name"],
    ],
    ["an assigned name", "{% assign heading = title %}{{ headnig }}", { data: COMMENTS }, ["headnig → heading"]],
    ["a captured name", "{% capture greeting %}x{% endcapture %}{{ greetng }}", {}, ["greetng → greeting"]],
    ["an assigned value", "{% assign x = data.tilte %}{{ x }}", { data: COMMENTS }, ["data.tilte → data.title"]],
    [
      "a property of an assigned value",
      "{% assign first = comments[0] %}{{ first.txet }}",
      { data: COMMENTS },
      ["first.txet → first.text"],
    ],
    ["an argument of a filter", "{{ title | append: data.tilte }}", { data: COMMENTS }, ["data.tilte → data.title"]],
    ["an input of a partial", "{% render 'x', a: data.tilte %}", { data: COMMENTS }, ["data.tilte → data.title"]],
    [
      "a property that the API documents and no recipient has",
      "{{ recipient.phone_numbr }} {{ tenant.timezoen }}",
      {},
      ["recipient.phone_numbr → recipient.phone_number", "tenant.timezoen → tenant.timezone"],
    ],
    ["a condition", "{% if recipient.plna == 'pro' %}x{% endif %}", {}, ["recipient.plna → recipient.plan"]],
    [
      "a name near one that only the schema has",
      "{{ data.pgae }} {{ data.order.totl }}",
      {
        schema: {
          type: "object",
          properties: { page: { type: "string" }, order: { type: "object", properties: { total: {} } } },
        },
      },
      ["data.pgae → data.page", "data.order.totl → data.order.total"],
    ],
    [
      "data, roots and the counters of a batch after a batch",
      "{{ data.tilte }} {{ tilte }} {{ recipent.name }} {{ total_activites }} {{ run.total_activites }}",
      { data: COMMENTS, before: [BATCH] },
      [
        "data.tilte → data.title",
        "tilte → title",
        "recipent.name → recipient.name",
        "total_activites → total_activities",
        "run.total_activites → run.total_activities",
      ],
    ],
    [
      "a property of an activity that the schema has",
      "{% for a in activities %}{{ a.phto }} {{ a.data.phto }} {{ a.inserted_ta }}{% endfor %}{{ activities[0].phto }}",
      { schema: PHOTO_SCHEMA, before: [BATCH] },
      [
        "a.phto → a.photo",
        "a.data.phto → a.data.photo",
        "a.inserted_ta → a.inserted_at",
        "activities.0.phto → activities.0.photo",
      ],
    ],
  ])("reports %s", (_what, text, given, expected) => {
    expect(reported(text, given)).toEqual(expected);
  });

  it.each<[what: string, text: string, given?: Given]>([
    [
      "names that the data has",
      "{{ data.title }}{{ title }}{{ comments | size }}{{ data.comments.size }}",
      { data: COMMENTS },
    ],
    [
      "names that the schema allows and the data leaves out",
      "{{ data.page_url }}{{ page }}",
      { data: { page_ulr: 1 }, schema: { properties: { page_url: {}, page: {} } } },
    ],
    ["properties that the API documents", "{{ recipient.email }} {{ recipient.phone_number }} {{ recipient.locale }}"],
    ["a missing property that is not near another", "{{ recipient.nickname }} {{ data.anything }}"],
    ["first_name where only last_name is known", "{{ recipient.first_name }}"],
    ["names that differ in a number", "{{ data.line_2 }}", { data: { line_1: "x" } }],
    ["short names that differ in a letter", "{{ data.game }}", { data: { name: "x" } }],
    ["a guarded plural", "{% if data.item %}{{ data.item | default: 'x' }}{% endif %}", { data: { items: [] } }],
    [
      "loop variables, forloop and their scope",
      "{% for titles in comments %}{{ forloop.index }}{{ titles.text }}{% endfor %}",
      { data: COMMENTS },
    ],
    [
      "names that are set in a branch",
      "{% if title %}{% assign titel = 'x' %}{% endif %}{{ titel }}",
      { data: COMMENTS },
    ],
    ["computed keys", "{{ data[title].tilte }}", { data: COMMENTS }],
    ["literals and ranges", "{% for i in (1..3) %}{{ i }}{{ 'tilte' | upcase }}{% endfor %}", { data: COMMENTS }],
    ["null values in a path", "{{ actor.nmae }} {{ data.owner.nmae }}", { data: { owner: null } }],
    ["a schema that is composed of others", "{{ data.tilte }}", { schema: { anyOf: [{ properties: { title: {} } }] } }],
    [
      "data that an earlier fetch step may add",
      "{{ data.tilte }} {{ tilte }}",
      {
        data: COMMENTS,
        before: [{ ref: "f", type: "http_fetch", settings: { method: "get", url: "https://x.test" } }],
      },
    ],
    [
      "properties of activities and actors",
      "{% for a in activities %}{{ a.photo }} {{ a.data.photo }} {{ a.id }} {{ a.actor.name }}{% endfor %}{{ actors[0].email }}",
      { schema: PHOTO_SCHEMA, before: [BATCH] },
    ],
    [
      "raw text and comments",
      "{% raw %}{{ data.tilte }}{% endraw %}{% comment %}{{ data.tilte }}{% endcomment %}",
      { data: COMMENTS },
    ],
  ])("does not report %s", (_what, text, given) => {
    expect(reported(text, given)).toEqual([]);
  });
});
