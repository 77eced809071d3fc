// Values that templates read from outside the run: recipients, subscriptions, translations.
import { describe, expect, it } from "vitest";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { formatMessage, formatRuns, getBodyText, getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

/** Returns the bodies that a workflow of one email sends. */
async function bodies(h: EngineHarness, body: string, payload: JsonObject = {}): Promise<string[]> {
  h.define("digest", { steps: [step.email("S", body)] });
  await h.trigger("digest", { recipients: ["ana"], ...payload });
  return (await h.listMessages()).map(getBodyText);
}

describe("31. Translation and locale", () => {
  it.each([
    [null, "fr-BE", "Salut"],
    ["acme", "fr-BE", "Yo"],
    [null, "de", "Hello"],
  ])("C-359 E-411 E-412 E-049 translates for tenant %s and locale %s", (tenant, locale, text) =>
    withHarness(async (h) => {
      h.addTranslation("en", { hi: "Hello" });
      h.addTranslation("fr", { hi: "Salut" });
      h.addTranslation("acme~en", { hi: "Yo" });
      await h.identify({ id: "ana", locale });
      expect(await bodies(h, '{{ "hi" | t }}', { tenant })).toEqual([text]);
    }),
  );

  it("E-411 uses the account's locale for a recipient without one, and each recipient's own locale", () =>
    withHarness(async (h) => {
      h.environment.locale = "fr";
      h.addTranslation("fr", { hi: "Salut {{ name }}" });
      h.addTranslation("de", { hi: "Hallo {{ name }}" });
      await h.identify({ id: "bo", locale: "de" });
      const sent = await bodies(h, '{{ "hi" | t: name: recipient.id }}', { recipients: ["ana", "bo"] });
      expect(sent).toEqual(["Salut ana", "Hallo bo"]);
    }));

  it("T-190 reads translations when a template is rendered", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.delay("hours", 1), step.email("S", '{{ "hi" | t }}')] });
      await h.trigger("digest", { recipients: ["ana"] });
      h.addTranslation("en", { hi: "Later" });
      await h.at(3_600_000);
      expect((await h.listMessages()).map(getBodyText)).toEqual(["Later"]);
    }));

  it("TQ-19 prints nothing for a missing key and adds a warning to the step's event", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email("S", '[{{ "nope" | t }}]')] });
      const outcome = await h.trigger("digest", { recipients: ["ana"] });
      const run = await h.engine.readRecipientRun(getRecipientOutcome(outcome, "ana").recipient_run_id as string);
      const events = (run?.events ?? []) as JsonObject[];
      expect(events.flatMap(({ data }) => (data as JsonObject | null)?.warnings ?? [])).toEqual([
        'there is no translation "nope" for the locale en',
      ]);
      expect((await h.listMessages()).map(getBodyText)).toEqual(["[]"]);
    }));

  it("T-081 translates in conditions, batches and previews", () =>
    withHarness(async (h) => {
      h.addTranslation("en", { plan: "free" });
      const condition = { variable: "recipient.plan", operator: "equal_to", argument: '{{ "plan" | t }}' };
      h.define("digest", {
        steps: [
          {
            ref: "b",
            type: "batch",
            settings: { batch_window: { unit: "minutes", value: 5 }, batch_key: '{{ "plan" | t }}' },
          },
          step.email("S", '{% t %}{{ total_activities }} new{% endt %} {{ "plan" | t }}', {
            conditions: { all: [condition] },
          }),
        ],
      });
      await h.trigger("digest", { recipients: ["ana", "bo"] });
      await h.trigger("digest", { recipients: ["bo"] });
      await h.at(300_000);
      expect((await h.listMessages()).map(formatMessage)).toEqual(["bo mail sent: 2 new free"]);
    }));
});

describe("4. Dynamic data filters (T-070 to T-074)", () => {
  it.each<[id: string, template: string, text: string]>([
    ["T-070", '{% assign u = "bo" | user %}{{ u.email }} {{ u.plan }} {{ u.id }}', "bo@lark.test free bo"],
    ["T-070", '{{ "nobody" | user | json }}', "null"],
    ["T-071", '{% assign p = "p1" | object: "projects" %}{{ p.name }} {{ p.collection }}', "Kestrel projects"],
    ["T-071", '{% assign p = "p-9" | object: "projects" %}{{ p.title | default: "n/a" }}', "n/a"],
    ["T-072", '{% assign t = "acme" | tenant %}{{ t.name }}', "Acme"],
    [
      "T-073",
      '{% assign s = "ana" | subscriptions %}{{ s[0].object.name }} {{ s[0].properties.role }}',
      "Kestrel lead",
    ],
    ["T-073", '{{ "bo" | subscriptions | size }}', "0"],
    [
      "T-074",
      '{% assign ids = "bo,cy,dee" | split: "," %}{% for i in ids %}{% assign u = i | user %}{{ u.id }};{% endfor %}',
      "bo;cy;dee;",
    ],
    ["T-070", '{{ nothing | user | json }}{{ "" | user | json }}{{ "a/b" | user | json }}', "nullnullnull"],
    // The first recipient decides which recipient is read next.
    ["T-074", "{% assign a = data.boss | user %}{% assign b = a.boss | user %}{{ b.email }}", "bo@lark.test"],
  ])("%s %s renders %j", (_id, template, text) =>
    withHarness(async (h) => {
      await h.identify({ collection: "$tenants", id: "acme", name: "Acme" }, { id: "eli", boss: "bo" });
      const subscription = {
        object: "projects/p1" as never,
        recipient: "$users/ana" as never,
        properties: { role: "lead" },
      };
      await h.store.upsertSubscriptions([subscription], h.now);
      expect(await bodies(h, template, { data: { boss: "eli" } })).toEqual([text]);
    }),
  );

  it("T-074 filters see changes of earlier steps of the same run", () =>
    withHarness(async (h) => {
      const settings = { recipient_mode: "current", update_properties: '{ "plan": "gold" }' };
      h.define("digest", {
        steps: [
          { ref: "u", type: "update_user", settings },
          step.email("S", '{% assign u = "ana" | user %}{{ u.plan }}'),
        ],
      });
      await h.trigger("digest", { recipients: ["ana"] });
      expect((await h.listMessages()).map(getBodyText)).toEqual(["gold"]);
    }));

  it("T-071 the object filter without a collection fails the step with a hint", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email("S", '{{ "p1" | object }}')] });
      const outcome = await h.trigger("digest", { recipients: ["ana"] });
      expect(formatRuns(outcome)).toEqual({ ana: "completed: email_1 failed render_error" });
      expect(getRecipientOutcome(outcome, "ana").steps[0]?.reason?.detail).toContain("name the collection");
    }));
});

describe("templates of steps without messages (F-054, TQ-3)", () => {
  it.each<[place: string, one: JsonObject, words: string]>([
    [
      "steps[0].settings.url",
      { type: "http_fetch", settings: { method: "get", url: "https://x.test/{{ data.x | nope }}" } },
      "unknown filter: nope",
    ],
    ["steps[0].settings.data", { type: "update_data", settings: { data: '{ "a": "{{ data.x" }' } }, "not closed"],
    [
      "steps[0].settings.url",
      { type: "http_fetch", settings: { method: "get", url: "https://x.test/{% render 'path' %}" } },
      'the partial "path" cannot be rendered here, only in a message, a layout or a partial',
    ],
    [
      "steps[0].conditions.all[0].argument",
      {
        ...step.email("S", "B", {
          conditions: {
            all: [{ variable: "data.a", operator: "equal_to", argument: "{{ data.x }}{% render 'path' %}" }],
          },
        }),
      },
      'the partial "path" cannot be rendered here',
    ],
    [
      "steps[0].settings.headers[0].value",
      {
        type: "http_fetch",
        settings: { method: "get", url: "https://x.test/", headers: [{ key: "a", value: "{% if %}" }] },
      },
      "invalid value",
    ],
    [
      "steps[0].conditions.all[1].any[0].argument",
      {
        ...step.email("S", "B", {
          conditions: {
            all: [
              { variable: "data.a", operator: "exists" },
              { any: [{ variable: "data.a", operator: "equal_to", argument: "{{ data.x | nope }}" }] },
            ],
          },
        }),
      },
      "unknown filter: nope",
    ],
    [
      "steps[0].branches[0].conditions.all[0].argument",
      {
        type: "branch",
        branches: [
          {
            name: "a",
            terminates: false,
            conditions: { all: [{ variable: "data.a", operator: "equal_to", argument: "{{ data.x" }] },
            steps: [],
          },
          { name: "else", terminates: false, steps: [] },
        ],
      },
      "not closed",
    ],
    [
      "steps[0].conditions.all[0].argument[1]",
      {
        ...step.email("S", "B", {
          conditions: {
            all: [
              {
                variable: "data.at",
                operator: "is_timestamp_between",
                argument: ["2026-01-01T00:00:00Z", "{{ data.x | nope }}"],
              },
            ],
          },
        }),
      },
      "unknown filter: nope",
    ],
    [
      "steps[0].conditions.all[0].argument",
      {
        type: "delay",
        settings: { delay_for: { unit: "hours", value: 1 } },
        conditions: { all: [{ variable: "data.x", operator: "equal_to", argument: "{{ data.y" }] },
      },
      "not closed",
    ],
  ])("%s is rejected before anything is triggered", (place, one, words) =>
    withHarness(async (h) => {
      h.define("digest", { steps: [{ ...one, ref: "one" }] });
      const thrown = await h.trigger("digest", { recipients: ["ana"] }).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(KnockError);
      expect((thrown as KnockError).message).toContain(`workflow "digest", step one: ${place}, line 1, column `);
      expect((thrown as KnockError).message).toContain(words);
    }),
  );
});

describe("MJML without Liquid (T-090, T-128)", () => {
  const BROKEN = "<mjml><mj-body>\n<mj-sectoin></mj-sectoin></mj-body></mjml>";
  const mjml = (html_body: string, settings: JsonObject = {}) => ({
    ...step.email("S", html_body),
    template: { subject: "S", html_body, is_mjml: true, settings },
  });

  it.each([
    ["a document", mjml(BROKEN), "line 2: there is no element <mj-sectoin>; did you mean <mj-section>?"],
    ["a document with an invalid attribute", mjml("<mjml><mj-body <></mj-body></mjml>"), "MJML: "],
    ["a fragment", mjml("<mj-section>", { layout_key: "default" }), "line 1: </mj-body> has no opening tag"],
  ])("%s is rejected before anything is triggered", (_title, one, words) =>
    withHarness(async (h) => {
      h.define("digest", { steps: [one] });
      const thrown = await h.trigger("digest", { recipients: ["ana"] }).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(KnockError);
      expect((thrown as KnockError).message).toContain(
        'workflow "digest", step email_1: steps[0].template.html_body: MJML: ',
      );
      expect((thrown as KnockError).message).toContain(words);
    }),
  );

  it("fails the step that renders it if it contains Liquid", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [mjml(`${BROKEN}{{ data.x }}`)] });
      const outcome = await h.trigger("digest", { recipients: ["ana"] });
      expect(getRecipientOutcome(outcome, "ana").steps[0]).toMatchObject({
        outcome: "failed",
        reason: { code: "render_error" },
      });
    }));
});
