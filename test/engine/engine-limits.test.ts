import { describe, expect, it, vi } from "vitest";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import { KnockError } from "../../src/errors/knock-error.js";
import type { JsonObject } from "../../src/util/json.js";
import { step } from "../helpers/build-steps.js";
import { formatRuns, getBodyText, withHarness } from "../helpers/engine-case.js";

/** Returns the text of a template in an email to ana, or the reason why the step failed. */
async function render(template: string, payload: JsonObject = {}): Promise<{ text?: string; error?: string | null }> {
  let result: { text?: string; error?: string | null } = {};
  await withHarness(async (h) => {
    h.define("digest", { steps: [step.email("S", template)] });
    const outcome = await h.trigger("digest", { recipients: ["ana"], ...payload });
    const [message] = await h.listMessages();
    if (message) result = { text: getBodyText(message) };
    else result = { error: outcome.recipients?.[0]?.steps[0]?.reason?.detail ?? null };
  });
  return result;
}

/** Returns the error with which a workflow with this template is rejected. */
async function refusal(template: string): Promise<KnockError> {
  let thrown: unknown;
  await withHarness(async (h) => {
    h.define("digest", { steps: [step.feed(), step.email("S", template)] });
    thrown = await h.trigger("digest", { recipients: [{ id: "new" }] }).catch((error: unknown) => error);
    expect(await h.listMessages()).toEqual([]);
    expect(await h.recipient("new")).toBeUndefined();
  });
  if (!(thrown instanceof KnockError)) throw new Error(`not refused: ${String(thrown)}`);
  return thrown;
}

describe("values that templates can reach", () => {
  it.each([
    "{{ data.constructor }}",
    "{{ data.constructor.name }}",
    "{{ data.toString }}",
    "{{ data.__proto__ }}",
    "{{ recipient.hasOwnProperty }}",
    "{{ data.list.map }}",
    "{{ data.text.constructor }}",
    "{{ constructor }}",
    "{{ __proto__.constructor }}",
    `{{ data["constructor"]["prototype"] }}`,
    ...["blank", "empty", "nil", "data.missing"].flatMap((name) =>
      ["constructor", "hasOwnProperty", "toString", "valueOf", "__proto__", "equals", "gt"].flatMap((member) => [
        `{{ ${name}.${member} }}`,
        `{{ ${name}["${member}"] }}`,
        `{% assign e = ${name} %}{{ e.${member} }}`,
        `{% if ${name}.${member} %}found{% endif %}`,
      ]),
    ),
    "{% for i in data.list %}{{ forloop.next }}{{ forloop.constructor }}{{ forloop.position }}{{ forloop.valueOf }}{% endfor %}",
    "{% for i in data.list %}{% assign f = forloop %}{{ f.next }}{{ f.toString }}{{ f.parentloop.next }}{% endfor %}",
  ])("%s renders nothing, because only own properties are read", async (template) => {
    expect(await render(`[${template}]`, { data: { list: [1], text: "t" } })).toEqual({ text: "[]" });
  });

  it("a condition's path does not reach inherited properties", () =>
    withHarness(async (h) => {
      const condition = { variable: "data.constructor.name", operator: "exists" };
      h.define("digest", { steps: [step.email("S", "B", { conditions: { all: [condition] } })] });
      const outcome = await h.trigger("digest", { recipients: ["ana"] });
      expect(formatRuns(outcome)).toEqual({ ana: "completed: email_1 skipped condition" });
    }));

  it.each(["{% render '/etc/hosts' %}", "{% render '../package.json' %}", "{% render data.file %}"])(
    "%s reads no file and fails its step, not the trigger",
    async (template) => {
      const { text, error } = await render(template, { data: { file: "/etc/hosts" } });
      expect(text).toBeUndefined();
      expect(error).toContain("steps[0].template.html_body, line 1");
    },
  );
});

describe("templates without an end (TQ-3, E-192)", () => {
  it.each([
    ["a huge range", "{% for i in (1..100000000) %}x{% endfor %}"],
    [
      "loops in loops",
      "{% for i in (1..3000) %}{% for j in (1..3000) %}{% for k in (1..3000) %}{% endfor %}{% endfor %}{% endfor %}",
    ],
    [
      "text that doubles",
      `{% assign s = "xxxxxxxxxxxxxxxx" %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}`,
    ],
  ])("%s is stopped, and the step fails", async (_what, template) => {
    const { text, error } = await render(template);
    expect(text).toBeUndefined();
    expect(error).toMatch(/^steps\[0\]\.template\.html_body, line 1, column \d+: exceeds the (time|memory) limit/);
  });

  it("E-164 a failing template is rendered once, although the events list several attempts", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email("S", "{% for i in (1..100000000) %}x{% endfor %}")] });
      const ids = vi.spyOn(h as unknown as { nextBytes(): Uint8Array }, "nextBytes");
      const outcome = await h.trigger("digest", { recipients: ["ana"] });
      expect(formatRuns(outcome)).toEqual({ ana: "completed: email_1 failed render_error" });
      expect(ids).toHaveBeenCalledTimes(1); // Each attempt generates a message ID.
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      const events = (run?.events ?? []) as JsonObject[];
      expect(events.flatMap(({ event, attempt }) => (attempt === 1 ? [] : [[event, attempt]]))).toEqual([
        ["step_retried", 2],
        ["step_failed", 3],
      ]);
    }));

  it("a failing template does not affect another recipient's run", () =>
    withHarness(async (h) => {
      h.define("digest", {
        steps: [
          step.email("S", `{% if recipient.plan == "pro" %}{% for i in (1..100000000) %}x{% endfor %}{% endif %}`),
        ],
      });
      const outcome = await h.trigger("digest", { recipients: ["ana", "bo"] });
      expect(formatRuns(outcome)).toEqual({
        ana: "completed: email_1 failed render_error",
        bo: "completed: email_1 sent",
      });
    }));
});

describe("template errors", () => {
  it.each([
    ["line one\n<b>{{ data.x | shout }}</b>", "line 2, column 16: unknown filter: shout", /^Filters: /],
    [
      "{% if data.x %}{{ 'x' | upcase | apend: 'y' }}{% endif %}",
      "line 1, column 34: unknown filter: apend",
      /"append"/,
    ],
    ["{% assign y = data.x\n  | titelcase %}", "line 2, column 5: unknown filter: titelcase", /"titlecase"/],
  ])("TQ-3 the unknown filter in %j is rejected before anything is triggered", async (template, words, hint) => {
    const error = await refusal(template);
    expect(error.code).toBe("template_invalid");
    expect(error.message).toContain(`steps[1].template.html_body, ${words}`);
    expect(error.hint).toMatch(hint);
  });

  it("TQ-3 an unknown filter in text that only a run renders fails the run", () =>
    withHarness(async (h) => {
      const condition = { variable: "data.x", operator: "equal_to", argument: "{{ data.x | divided_by: 0 }}" };
      h.define("digest", { steps: [step.email("S", "B", { conditions: { all: [condition] } })] });
      const outcome = await h.trigger("digest", { recipients: ["ana"], data: { x: "1" } });
      expect(formatRuns(outcome).ana).toContain("completed: email_1 ");
      expect(await h.listMessages()).toEqual([]);
    }));

  it.each([
    [`{% include "header" %}`, 1, 'the "include" tag is not supported; use "render" for partials'],
    [`<p>\n  {% include "header" %}\n</p>`, 2, 'the "include" tag is not supported'],
    ["one\ntwo\n{% nonsense %}", 3, "nonsense"],
    ["{% if data.x %}never closed", 1, "not closed"],
    ["{{ data.x", 1, "not closed"],
  ])("%j is rejected with step and line before anything is triggered", async (template, line, words) => {
    const error = await refusal(template);
    expect(error.code).toBe("template_invalid");
    expect(error.message).toContain('workflow "digest"');
    expect(error.message).toContain(`steps[1].template.html_body, line ${line}`);
    expect(error.message).toContain(words);
    expect(error.details).toEqual([
      expect.objectContaining({ pointer: "/steps/1/template/html_body", message: expect.stringContaining(words) }),
    ]);
  });
});

describe("data in templates", () => {
  it("T-007 HTML in data is not escaped", async () => {
    const { text } = await render("{{ data.html }}|{{ data.html | escape }}", { data: { html: `<b class="x">&</b>` } });
    expect(text).toBe(`<b class="x">&</b>|&lt;b class=&#34;x&#34;&gt;&amp;&lt;/b&gt;`);
  });

  it("Liquid in data is text and is not rendered", async () => {
    expect(await render("{{ data.text }}", { data: { text: "{{ recipient.email }}{% include %}" } })).toEqual({
      text: "{{ recipient.email }}{% include %}",
    });
  });

  it("objects print as JSON; null and missing values print nothing", async () => {
    expect(
      await render("{{ data.o }}|{{ data.n }}|{{ data.none.deep }}", { data: { o: { a: [1] }, n: null } }),
    ).toEqual({ text: `{"a":[1]}||` });
  });

  it.each([
    [`{"recipients":["ana"],"data":{"__proto__":{"x":1}}}`, "/data/__proto__"],
    [`{"recipients":["ana"],"data":{"a":[{"__proto__":1}]}}`, "/data/a/0/__proto__"],
    [`{"recipients":[{"id":"ana","__proto__":{"admin":true}}]}`, "/recipients/0/__proto__"],
    [`{"recipients":["ana"],"tenant":{"id":"t","settings":{"__proto__":{}}}}`, "/tenant/settings/__proto__"],
  ])("the key __proto__ is rejected: %s", (json, pointer) => {
    expect(() => parseTrigger(JSON.parse(json), "digest")).toThrow(
      expect.objectContaining({ code: "invalid_params", details: [expect.objectContaining({ pointer })] }),
    );
    expect(({} as JsonObject).x).toBeUndefined();
  });

  it("keys such as constructor and toString are ordinary data", async () => {
    expect(
      await render("{{ data.constructor }}-{{ data.toString }}", { data: { constructor: "c", toString: "t" } }),
    ).toEqual({ text: "c-t" });
  });

  it("data nested 201 levels deep is rejected", () => {
    let data: JsonObject = {};
    for (let depth = 0; depth < 201; depth++) data = { a: data };
    expect(() => parseTrigger({ recipients: ["ana"], data }, "digest")).toThrow(
      expect.objectContaining({ code: "invalid_params", message: expect.stringContaining("nested too deep") }),
    );
  });
});
