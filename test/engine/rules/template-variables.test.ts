// Sections 2, 16 and 18 of docs/internals/catalog/templates.md: the variables in scope.
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { getBodyText, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const P1 = { collection: "projects", id: "p1" };
const AT = "2025-06-04T10:00:00.000Z";

interface Run {
  payload?: JsonObject;
  definition?: JsonObject;
  given?: (h: EngineHarness) => unknown;
}

/** Returns what the template prints in the last message of a run. */
async function printed(template: string, { payload = {}, definition = {}, given }: Run = {}): Promise<string> {
  let text = "";
  await withHarness(async (h) => {
    await given?.(h);
    h.define("digest", { ...definition, steps: [step.email("S", template)] });
    await h.trigger("digest", { recipients: ["ana"], ...payload });
    text = (await h.listMessages()).map(getBodyText).at(-1) ?? "no message";
  });
  return text;
}

const tenant = { id: "acme", name: "Acme", settings: { branding: { primary_color: "#123456" } } };

describe("2. Variables in scope", () => {
  it.each<[id: string, template: string, text: string, run?: Run]>([
    [
      "T-010",
      "{{ recipient.__typename }} {{ recipient.id }} {{ recipient.plan }} {{ recipient.timezone }}",
      "User ana pro America/New_York",
    ],
    ["T-010", "{{ recipient.created_at }}|{{ recipient.updated_at }}", `|${AT}`],
    [
      "T-013",
      "{{ recipient.preferences.channel_types.sms }}",
      "false",
      {
        given: (h) => {
          h.environment.preferences = { channel_types: { sms: false } };
        },
      },
    ],
    ["T-014", "{{ actor.id }}/{{ actor.plan }}", "bo/free", { payload: { actor: "bo" } }],
    ["T-014", "{% if actor == nil %}nobody{% endif %}", "nobody"],
    [
      "T-015",
      "{{ tenant.id }} {{ tenant.name }} {{ tenant.settings.branding.primary_color }} {{ tenant.settings.preferences | json }}",
      "acme Acme #123456 {}",
      { payload: { tenant } },
    ],
    ["T-015", "[{{ tenant }}]{% if tenant %}x{% endif %}", "[]"],
    ["T-016", "{{ data.a.b }}", "1", { payload: { data: { a: { b: 1 } } } }],
    [
      "T-017 TQ-1 T-200",
      "{{ page }} {{ recipient.id }} {{ event }}",
      "Home ana made",
      { payload: { data: { page: "Home", recipient: "x", event: "made" } } },
    ],
    [
      "T-018 TQ-16",
      "{{ activities.size }} {{ activities[0].n }} {{ activities[0].data.n }} {{ activities[0].inserted_at }}",
      `1 5 5 ${AT}`,
      { payload: { data: { n: 5 } } },
    ],
    [
      "T-019 T-021 T-029",
      "{{ total_activities }} {{ total_actors }} {{ run.total_activities }} {{ run.total_actors }}",
      "1 1 1 1",
      { payload: { actor: "bo" } },
    ],
    ["T-022", "{{ timestamp }}", AT],
    [
      "T-023",
      "{{ workflow.key }} {{ workflow.categories | join: ',' }} {{ workflow.commercial }} {{ workflow.override_preferences }} {{ workflow.id | size }}",
      "digest news false false 36",
      { definition: { categories: ["news"] } },
    ],
    ["T-024", "{{ current_message.id | size }} {{ current_message.inserted_at }}", `27 ${AT}`],
    [
      "T-025",
      "{{ vars.base_url }} {{ vars.branding.primary_color }} {{ vars.app_name }}",
      "https://lark.test #000000 ",
    ],
    ["T-025", "{{ vars.manage_preferences_url | slice: 0, 8 }}{{ vars.commercial_unsubscribe_url }}", "https://"],
    ["T-004", "{{ inputs }}{{ content }}{{ footer_links }}", ""],
  ])("%s %s renders %j", async (_id, template, text, run) => {
    expect(await printed(template, run)).toBe(text);
  });

  it("T-011 a recipient reached through a subscription has that subscription in scope", () =>
    withHarness(async (h) => {
      const pair = { object: "projects/p1" as never, recipient: "$users/bo" as never, properties: { role: "lead" } };
      await h.store.upsertSubscriptions([pair], h.now);
      h.define("digest", {
        steps: [step.email("S", "{{ recipient.subscription.role }} of {{ recipient.subscription.object.name }}")],
      });
      await h.trigger("digest", { recipients: [P1] });
      expect((await h.listMessages()).map(getBodyText)).toEqual(["lead of Kestrel"]);
    }));

  it("T-018 T-019 T-020 T-021 T-028 a batch has its first ten activities, totals of all, and merged data without nested values", () =>
    withHarness(async (h) => {
      const template =
        "{{ activities.size }}/{{ total_activities }} {{ actors.size }}/{{ total_actors }} {{ activities[0].n }}..{{ activities[9].n }} {{ data.n }}[{{ data.o.x }}]{{ activities[0].data.o.x }}";
      const batch = { ref: "b", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };
      h.define("digest", { steps: [batch, step.email("S", template)] });
      for (let n = 1; n <= 12; n++)
        await h.trigger("digest", { recipients: ["ana"], actor: { id: `u${n}` }, data: { n, o: { x: n } } });
      await h.at(5 * MINUTE);
      expect((await h.listMessages()).map(getBodyText)).toEqual(["10/12 10/12 1..10 10[]1"]);
    }));
});

describe("18. Examples from real workflow files", () => {
  it.each<[id: string, template: string, text: string]>([
    ["T-202", '{{ "now" | date: "%s" }} {{ timestamp | date: "%-d.%-m., %-I" }}', "1749031200 4.6., 10"],
    ["T-203", '{% assign u = "/a?b=1&c=2" %}{{ u | replace: ">", "" }}{% if data.n > 1 %}>{% endif %}', "/a?b=1&c=2>"],
  ])("%s %s renders %j", async (_id, template, text) => {
    expect(await printed(template, { payload: { data: { n: 2 } } })).toBe(text);
  });

  it("T-203 Liquid in a link's destination is kept by Markdown", () =>
    withHarness(async (h) => {
      h.define("digest", {
        steps: [step.feed('[See {{ data.t }}]({{ vars.base_url }}/p/{{ data.id | default: "x y" | url_encode }})')],
      });
      await h.trigger("digest", { recipients: ["ana"], data: { t: "it" } });
      expect((await h.listMessages()).map(getBodyText)).toEqual([
        '<p><a href="https://lark.test/p/x+y">See it</a></p>',
      ]);
    }));
});
