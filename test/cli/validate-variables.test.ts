import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { EMAIL, FEED, initHello, WORKFLOW } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

type Hello = Awaited<ReturnType<typeof initHello>>;

const LAYOUT = "knock/layouts/default/layout.json";
const HTML = "<html><head><title>Hello</title></head><body>\n{{ content }}\n</body></html>";
const PARTIAL = "knock/partials/card/partial.json";

/** Writes the layout of the email. `html` is below its content. */
const writeLayout = (hello: Hello, html: string): string => {
  hello.write("knock/layouts/default/html.html", HTML.replace("\n</body>", `\n${html}\n</body>`));
  return hello.write(LAYOUT, { name: "Default", "html_layout@": "html.html", text_layout: "{{ content }}" });
};

/** Writes the partial `card` and the email that renders it. */
function writePartial(
  hello: Hello,
  content: string,
  email: string,
  inputs: readonly string[] = [],
  type = "html",
): void {
  hello.write("knock/partials/card/content.txt", content);
  const input_schema = inputs.map((key) => ({ type: "text", key, label: key }));
  hello.write(PARTIAL, { name: "Card", type, "content@": "content.txt", ...(inputs.length > 0 && { input_schema }) });
  hello.write(EMAIL, email);
}

const CONTENT = "knock/partials/card/content.txt";
const RENDER = "<p>{% render 'card', title: data.from %}</p>";

const FETCH = { method: "get", url: "https://api.example.com", response_path: "info" };

/** A change of the project, and its only finding with the place. */
const CASES: Readonly<Record<string, [change: (hello: Hello) => void, finding: string]>> = {
  "a property of the recipient in a layout": [
    (hello) => writeLayout(hello, "<p>{{ recipient.nmae }}</p>"),
    'knock/layouts/default/html.html:3:7: recipient.nmae is undefined; did you mean "recipient.name"?',
  ],
  "a variable of the environment in the footer of a layout": [
    (hello) => {
      writeLayout(hello, "");
      hello.edit(
        LAYOUT,
        (layout) => void Object.assign(layout, { footer_links: [{ text: "Help", url: "{{ vars.app_ulr }}" }] }),
      );
    },
    `${LAYOUT}:8:14: footer_links[0].url, line 1, column 4: vars.app_ulr is undefined; did you mean "vars.app_url"?`,
  ],
  "a property of a footer link in a layout": [
    (hello) => writeLayout(hello, "{% for link in footer_links %}{{ link.txet }}{% endfor %}"),
    'knock/layouts/default/html.html:3:34: link.txet is undefined; did you mean "link.text"?',
  ],
  "a variable of the run in a partial": [
    (hello) => writePartial(hello, "<b>{{ title }}</b>\n{{ recipient.nmae }}", RENDER),
    `${CONTENT}:2:4: recipient.nmae is undefined: a partial has only its inputs`,
  ],
  "a variable of the environment in a partial": [
    (hello) => writePartial(hello, "{{ title }}{{ vars.app_ulr }}{{ vars.branding.primary_color }}", RENDER),
    `${CONTENT}:1:15: vars.app_ulr is undefined: an HTML partial has only vars.branding`,
  ],
  "a variable of the environment in a text partial": [
    (hello) => writePartial(hello, "{{ title }}{{ vars.branding.primary_color }}", RENDER, [], "text"),
    `${CONTENT}:1:15: vars.branding.primary_color is undefined: a partial has only its inputs`,
  ],
  "an input inside a partial": [
    (hello) => writePartial(hello, "{{ titel | upcase }}", RENDER, ["title"]),
    `${CONTENT}:1:4: titel is undefined; did you mean "title"?`,
  ],
  "an input that a partial does not have": [
    (hello) => writePartial(hello, "{{ title }}{{ subject }}{{ other | default: 1 }}", RENDER, ["title"]),
    `${CONTENT}:1:15: subject is undefined; the partial has title`,
  ],
  "an input that a template passes": [
    (hello) => writePartial(hello, "{{ title }}", "\n{% render 'card', titel: data.from %}", ["title"]),
    `${EMAIL}:2:19: the partial "card" has no input "titel"; did you mean "title"?`,
  ],
  "data after a fetch with response_path": [
    (hello) => {
      hello.addStep("http_fetch", FETCH);
      hello.write(FEED, "{{ data.info.text }}{{ info.text }}{{ data.from }}\n{{ data.fromm }}");
    },
    `${FEED}:2:4: data.fromm is undefined; did you mean "data.from"?`,
  ],
  "data after an update-data step": [
    (hello) => {
      hello.addStep("update_data", { data: '{ "total": {{ data.from | size }}, "by": "{{ data.from }}" }' });
      hello.write(FEED, "{{ data.total }}{{ total }}{{ data.by }}\n{{ data.fromm }}");
    },
    `${FEED}:2:4: data.fromm is undefined; did you mean "data.from"?`,
  ],
  "data in a condition after a fetch with response_path": [
    (hello) => {
      hello.addStep("http_fetch", FETCH);
      hello.editWorkflow(({ steps }) => {
        const all = ["data.info.a", "data.fromm"].map((variable) => ({ variable, operator: "exists" }));
        Object.assign(steps[1] ?? {}, { conditions: { all } });
      });
    },
    `${WORKFLOW}:41:25: steps[1].conditions.all[1].variable reads data.fromm, which is not declared in trigger_data_json_schema; did you mean "data.from"?`,
  ],
  "the path of a batch key": [
    (hello) => hello.addStep("batch", { batch_key: "data.fromm", batch_window: { unit: "hours", value: 1 } }),
    `${WORKFLOW}:20:22: steps[0].settings.batch_key: data.fromm is undefined; did you mean "data.from"?`,
  ],
  "a nested path as batch key": [
    (hello) => {
      hello.editWorkflow((workflow) => {
        const from = { type: "object", properties: { name: { type: "string" } } };
        workflow.trigger_data_json_schema = { type: "object", properties: { from } };
      });
      hello.write(FEED, "{{ data.from.name }}");
      hello.addStep("batch", { batch_key: "from.id", batch_window: { unit: "hours", value: 1 } }, { at: 2 });
    },
    `${WORKFLOW}:48:22: steps[2].settings.batch_key: data.from.id is not declared in trigger_data_json_schema`,
  ],
  "a nested property in a condition": [
    (hello) =>
      hello.editWorkflow((workflow) => {
        const from = { type: "object", properties: { name: { type: "string" } } };
        workflow.trigger_data_json_schema = { type: "object", properties: { from } };
        workflow.conditions = { all: [{ variable: "data.from.naem", operator: "exists" }] };
      }),
    `${WORKFLOW}:48:21: conditions.all[0].variable reads data.from.naem, which is not declared in trigger_data_json_schema; did you mean "data.from.name"?`,
  ],
  "a name as throttle key": [
    (hello) => hello.addStep("throttle", { throttle_key: "page", throttle_window: { unit: "hours", value: 1 } }),
    `${WORKFLOW}:20:25: steps[0].settings.throttle_key: data.page is not declared in trigger_data_json_schema`,
  ],
  "Liquid in a throttle key": [
    (hello) =>
      hello.addStep("throttle", {
        throttle_key: "a-{{ recipient.nmae }}",
        throttle_window: { unit: "hours", value: 1 },
      }),
    `${WORKFLOW}:20:25: steps[0].settings.throttle_key, line 1, column 6: recipient.nmae is undefined; did you mean "recipient.name"?`,
  ],
  "a property of the recipient in a condition": [
    (hello) =>
      hello.editWorkflow((workflow) => {
        workflow.conditions = { all: [{ variable: "recipient.nmae", operator: "not_empty" }] };
      }),
    `${WORKFLOW}:43:21: conditions.all[0].variable: recipient.nmae is undefined; did you mean "recipient.name"?`,
  ],
  "the result of a step that does not exist": [
    (hello) => void hello.write(FEED, "{{ refs.in_app_feed_9.x }}"),
    `${FEED}:1:4: refs.in_app_feed_9.x is undefined: the workflow has no step "in_app_feed_9"; did you mean "refs.in_app_feed_1"?`,
  ],
};

const WAIT = { event: { event_type: "recipient", event_key: "updated" } };

describe.concurrent("knock validate finds", () => {
  it.for(Object.entries(CASES))("a misspelled variable: %s", async ([, [change, finding]], { empty }) => {
    const hello = await initHello(empty);
    change(hello);
    const code = finding.includes("has no input") ? "unknown_input" : "undefined_variable";
    expect(await hello.report()).toEqual([`${finding} [${code}]`]);
    expect((await hello.knock(["validate"])).exitCode).toBe(0);
  });

  it("misspelled variables in the layout and the partial of the checked workflow", async ({ empty }) => {
    const hello = await initHello(empty);
    writeLayout(hello, "{{ recipient.nmae }}");
    writePartial(hello, "{{ recipient.name }}{{ other }}", "{% render 'card', titel: 1 %}", ["title"]);
    expect((await hello.report("hello")).map((line) => line.replace(/:\d+:.*/, ""))).toEqual([
      "knock/layouts/default/html.html",
      CONTENT,
      EMAIL,
    ]);
  });

  it("what a batch removes from the data, and objects in texts", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.addStep("batch", { batch_window: { unit: "hours", value: 1 } }, { ref: "batch_1" });
    hello.write(FEED, "{{ data.from.name }}\n{{ actor }}");
    hello.editWorkflow((workflow) => void delete workflow.trigger_data_json_schema);
    expect(await hello.report()).toEqual([
      `${FEED}:1:4: data.from.name is empty: the batch "batch_1" removes objects and lists from the data; read activities[0].from.name, or loop over activities [empty_after_batch]`,
      `${FEED}:2:4: actor is an object and is printed as JSON; did you mean "actor.name"? [object_output]`,
    ]);
    // The preview prints what the run prints.
    const args = ["preview", "hello", "in_app_feed_1", "-r", "ada", "--data", '{"from":{"name":"Grace"}}'];
    hello.write(FEED, "[{{ data.from.name }}] {{ activities[0].from.name }}, {{ total_activities }}");
    expect((await hello.knock(args)).stdout).toContain("[] Grace, 1");
    await hello.knock(["notify", ...args.slice(1, 2), ...args.slice(3), "--quiet"]);
    await hello.knock(["clock", "advance", "1h"]);
    expect((await hello.knock(["feed", "list", "ada", "--json"])).stdout).toContain("[] Grace, 1");
  });

  it("a variable of a step that runs later", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(FEED, "{{ refs.wait_1.matched }}");
    hello.addStep("wait_for_event", WAIT, { ref: "wait_1", at: 1 });
    expect(await hello.report()).toEqual([
      `${FEED}:1:4: refs.wait_1.matched uses step "wait_1", which does not run before this step [later_step_ref]`,
    ]);
  });

  it("the result of a step that does not exist, also if another step of the file is invalid", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(FEED, "{{ refs.in_app_feed_9.x }}{{ refs.wait_1.matched }}");
    hello.addStep("wait_for_event", { event: {} }, { ref: "wait_1" });
    const found = await hello.report();
    expect(found.filter((line) => line.startsWith(FEED))).toEqual([
      `${FEED}:1:4: refs.in_app_feed_9.x is undefined: the workflow has no step "in_app_feed_9"; did you mean "refs.in_app_feed_1"? [undefined_variable]`,
    ]);
    expect(found.length).toBeGreaterThan(1);
  });

  it("a misspelled input of a visual block", async ({ empty }) => {
    const hello = await initHello(empty);
    writePartial(hello, "{{ title }}", "", ["title"]);
    hello.editWorkflow(({ steps }) => {
      const block = { type: "partial", version: 1, key: "card", attrs: { titel: "{{ data.from }}" } };
      Object.assign(steps[1] ?? {}, { template: { subject: "Hello", visual_blocks: [block] } });
    });
    expect((await hello.validate()).map(({ code, pointer, message }) => [code, pointer, message])).toEqual([
      [
        "unknown_input",
        "/steps/1/template/visual_blocks/0/attrs/titel",
        'steps[1].template.visual_blocks[0].attrs.titel is not an input of the partial "card"; did you mean "title"?',
      ],
    ]);
  });
});

describe.concurrent("knock validate accepts variables that can be defined:", () => {
  it.for<[string, (hello: Hello) => void]>([
    [
      "data after a fetch without response_path",
      (hello) => hello.addStep("http_fetch", { ...FETCH, response_path: null }),
    ],
    [
      "data after an update whose keys depend on the data",
      (hello) => hello.addStep("update_data", { data: '{ "{{ data.from }}": 1 }' }),
    ],
    [
      "data after an update with tags",
      (hello) => hello.addStep("update_data", { data: '{ {% if data.from %}"a": 1{% endif %} }' }),
    ],
    ["data after an update with one output", (hello) => hello.addStep("update_data", { data: "{{ data | json }}" })],
  ])("%s", async ([, change], { empty }) => {
    const hello = await initHello(empty);
    change(hello);
    hello.write(FEED, "{{ data.fromm }}");
    expect(await hello.report()).toEqual([]);
  });

  it("inputs of partials in each other, loops and blocks, and data in layouts", async ({ empty }) => {
    const hello = await initHello(empty);
    writeLayout(hello, "{{ data.anything }}{{ action }}{{ preview_text }}{{ recipient.subscription.x }}");
    hello.write("knock/partials/row/partial.json", {
      name: "Row",
      type: "html",
      content: "{% for x in items %}{{ x.a }}{{ forloop.index }}{% endfor %}{% assign y = title %}{{ y }}{{ title }}",
    });
    const content = "{% render 'row', items: lines, title: title %}{% if extra %}{{ extra }}{% endif %}";
    writePartial(hello, content, "{% render 'card', title: data.from, lines: data.from, extra: 1 %}", [
      "title",
      "lines",
    ]);
    expect(await hello.report()).toEqual([]);
  });

  it("a property refs of data without a schema", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(FEED, "{{ refs.jira }}");
    hello.editWorkflow((workflow: JsonObject) => void delete workflow.trigger_data_json_schema);
    expect(await hello.report()).toEqual([]);
  });
});
