import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, formatRuns, withHarness } from "../../helpers/engine-case.js";

interface Series {
  title: string;
  workflow: JsonObject;
  /** Triggers for ana in sequence, each with its expected run. */
  triggers: [payload: JsonObject, run: string][];
}

const once = "once_per_recipient";
const perTenant = "once_per_recipient_per_tenant";
const stopped = "completed trigger_frequency: no steps";
const sent = "completed: email_1 sent";

const series: Series[] = [
  {
    title: "C-043 E-068 a once-only workflow runs once per recipient, whatever the data",
    workflow: { trigger_frequency: once, steps: [step.email()] },
    triggers: [
      [{ data: { n: 1 } }, sent],
      [{ data: { n: 2 } }, stopped],
    ],
  },
  {
    title: "E-068 a workflow that runs once per recipient does so for all tenants together",
    workflow: { trigger_frequency: once, steps: [step.email()] },
    triggers: [
      [{ tenant: "acme" }, sent],
      [{ tenant: "zeta" }, stopped],
      [{}, stopped],
    ],
  },
  {
    title: "C-044 E-068 E-070 once per recipient and tenant includes runs without a tenant",
    workflow: { trigger_frequency: perTenant, steps: [step.email()] },
    triggers: [
      [{ tenant: "acme" }, sent],
      [{ tenant: "acme" }, stopped],
      [{ tenant: "zeta" }, sent],
      [{}, sent],
      [{}, stopped],
    ],
  },
  {
    title: "C-045 E-071 E-070 a run that trigger conditions stopped does not use up the frequency",
    workflow: {
      trigger_frequency: once,
      conditions: buildCondition("data.ok", "equal_to", "true"),
      steps: [step.email()],
    },
    triggers: [
      [{ data: { ok: false } }, "completed condition: no steps"],
      [{ data: { ok: true } }, sent],
      [{ data: { ok: true } }, stopped],
    ],
  },
];

describe("D. Frequency and trigger conditions", () => {
  it.each(series.map((row) => [row.title, row] as const))("%s", (_title, { workflow, triggers }) =>
    withHarness(async (h) => {
      h.define("digest", workflow);
      const runs: string[] = [];
      for (const [payload] of triggers) {
        const outcome = await h.trigger("digest", { recipients: ["ana"], ...payload });
        runs.push(formatRuns(outcome).ana as string);
      }
      expect(runs).toEqual(triggers.map(([, run]) => run));
      expect(await h.listMessages()).toHaveLength(runs.filter((run) => run === sent).length);
    }),
  );

  it("C-047 E-070 a canceled run uses up the frequency", () =>
    withHarness(async (h) => {
      h.define("digest", { trigger_frequency: once, steps: [step.delay("hours", 1), step.email()] });
      const first = await h.trigger("digest", { recipients: ["ana"], cancellation_key: "ck" });
      await h.at(10 * MINUTE);
      await h.cancel("digest", "ck");
      const second = await h.trigger("digest", { recipients: ["ana"] });
      await h.at(3 * HOUR);
      expect(formatRuns(await h.readOutcome(first))).toEqual({ ana: "cancelled: delay_1 cancelled cancelled" });
      expect(formatRuns(await h.readOutcome(second))).toEqual({ ana: stopped });
      expect(await h.listMessages()).toEqual([]);
    }));
});

const conditions: EngineCase[] = [
  {
    title: "C-048 E-071 trigger conditions stop runs before their first step, per recipient",
    workflow: { conditions: buildCondition("recipient.plan", "equal_to", "pro"), steps: [step.email()] },
    payload: { recipients: ["ana", "bo"] },
    runs: { ana: sent, bo: "completed condition: no steps" },
    messages: ["ana mail sent: B"],
    check(_h, outcome) {
      expect(outcome.recipients?.[1]?.reason?.detail).toBe('recipient.plan equal_to "pro" (was "free")');
      expect(outcome.summary).toMatchObject({ recipients: 2, sent: 1, skipped: 0, failed: 0 });
    },
  },
];

describeEngineCases("D. Trigger conditions", conditions);

const tenantStep = [step.email("S", "B", { conditions: buildCondition("tenant.tier", "equal_to", "gold") })];

describeEngineCases("E. Conditions through the engine", [
  {
    title: "C-083 E-094 a delay with empty conditions runs",
    workflow: [step.delay("minutes", 10, { conditions: {} }), step.email()],
    runs: { ana: "paused: delay_1 waiting 2025-06-04T10:10:00Z" },
    messages: [],
    moments: [
      { at: 10 * MINUTE, runs: { ana: "completed: delay_1 passed, email_1 sent" }, messages: ["ana mail sent: B"] },
    ],
  },
  {
    title: "C-082 E-095 conditions after the deciding one are not evaluated",
    workflow: [
      step.email("S", "B", {
        conditions: {
          any: [
            { variable: "data.a", operator: "equal_to", argument: "1" },
            { variable: "data.b", operator: "equal_to", argument: "1" },
            { variable: "data.c", operator: "equal_to", argument: "{{ 1 | divided_by: 0 }}" },
          ],
        },
      }),
    ],
    payload: { data: { a: 0, b: 1 } },
    runs: { ana: sent },
  },
  {
    title: "C-090 E-076 E-091 a condition reads a property of the run's tenant",
    workflow: tenantStep,
    payload: { tenant: { id: "acme", tier: "gold" } },
    runs: { ana: sent },
  },
  {
    title: "C-090 E-076 E-091 a condition on the tenant is false without a tenant",
    given: (h) => h.identify({ collection: "$tenants", id: "acme", tier: "gold" }),
    workflow: tenantStep,
    runs: { ana: "completed: email_1 skipped condition" },
    messages: [],
  },
]);
