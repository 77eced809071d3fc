import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecipientRun, RunEvent } from "../../../src/domain/run/workflow-run.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { batch, minutes } from "../../helpers/batch-case.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

interface State {
  status: string;
  /** The outcome of each step, by step ref. */
  steps: Map<string, string>;
}

/** Applies an event to a run's outcomes: an entry per step, in the order in which the run reached them. */
function apply({ status, steps }: State, { event, step_ref, data }: RunEvent): State {
  const settle = (outcome: string): Map<string, string> =>
    step_ref === null ? steps : new Map(steps).set(step_ref, outcome);
  switch (event) {
    case "run_started":
    case "run_resumed":
      return { status: "processing", steps };
    case "run_paused":
      return { status: "paused", steps: settle("waiting") };
    case "run_completed":
      return { status: "completed", steps };
    case "run_cancelled":
      return { status: "cancelled", steps: settle("cancelled") };
    case "run_halted":
      return { status, steps: settle(data?.reason === "workflow_unavailable" ? "waiting" : "halted") };
    case "step_completed":
      return { status, steps: settle("passed") };
    case "step_skipped":
      return { status, steps: settle("skipped") };
    case "step_failed":
      return { status, steps: settle("failed") };
    default:
      return { status, steps };
  }
}

function readState({ status, steps }: RecipientRun): State {
  return {
    status,
    steps: new Map(steps.map(({ ref, outcome }) => [ref, outcome === "sent" ? "passed" : outcome])),
  };
}

/** Kinds of steps; `n` makes their refs unique. */
const KINDS: Record<string, (n: number, inner: Json[]) => JsonObject> = {
  feed: (n) => step.feed("F", {}, `feed_${n}`),
  conditional: (n) => step.feed("F", { conditions: buildCondition("data.k", "equal_to", "1") }, `feed_${n}`),
  failing: (n) =>
    step.feed("{{ data.k | divided_by: 0 }}", { conditions: buildCondition("data.k", "equal_to", "2") }, `feed_${n}`),
  delay: (n) => step.delay("minutes", 3, {}, `delay_${n}`),
  delayUntil: (n) => step.delayUntil("data.until", null, `delay_${n}`),
  accumulate: (n) => batch({}, `batch_${n}`),
  leading: (n) => batch({ batch_execution_mode: "flush_leading", batch_items_max_limit: 2 }, `batch_${n}`),
  dynamic: (n) => batch({ batch_until_field_path: "data.until" }, `batch_${n}`),
  throttle: (n) => ({
    ref: `throttle_${n}`,
    type: "throttle",
    settings: { throttle_limit: 2, throttle_window: minutes(4) },
  }),
  data: (n) => ({ ref: `data_${n}`, type: "update_data", settings: { data: '{"k":2}' } }),
  fetch: (n) => ({
    ref: `fetch_${n}`,
    type: "http_fetch",
    settings: { method: "get", url: "https://lark.test/", response_path: "got" },
  }),
  branch: (n, inner) => ({
    ref: `branch_${n}`,
    type: "branch",
    branches: [
      { name: "b", conditions: buildCondition("data.k", "equal_to", "1"), steps: inner, terminates: n % 2 === 0 },
      { name: "default", steps: [] } as JsonObject,
    ],
  }),
};

const kinds = fc.array(fc.constantFrom(...Object.keys(KINDS)), { maxLength: 5 });
const workflow = fc.record({ outer: kinds, inner: kinds });

function readSteps({ outer, inner }: { outer: string[]; inner: string[] }): JsonObject[] {
  let n = 0;
  const plain = (names: string[], nested: () => Json[]): JsonObject[] =>
    names.map((name) => (KINDS[name] as (typeof KINDS)[string])(++n, name === "branch" ? nested() : []));
  return plain(outer, () => plain(inner, () => []));
}

const action = fc.oneof(
  fc.record({ do: fc.constant("trigger" as const), k: fc.constantFrom(0, 1, 2), until: fc.boolean() }),
  fc.record({ do: fc.constant("cancel" as const), which: fc.nat(9) }),
  fc.record({ do: fc.constant("advance" as const), by: fc.constantFrom(MINUTE, 3 * MINUTE, 5 * MINUTE) }),
  fc.record({ do: fc.constant("switch" as const), on: fc.boolean() }),
  fc.record({ do: fc.constant("respond" as const), status: fc.constantFrom(200, 404, 500) }),
);

describe("the events of a run", () => {
  it(
    "E-009 EQ-04 replay to the run's state, whatever its steps",
    () =>
      fc.assert(
        fc.asyncProperty(workflow, fc.array(action, { maxLength: 15 }), (shape, actions) =>
          withHarness(async (h) => {
            h.define("digest", { conditions: buildCondition("data.k", "exists"), steps: readSteps(shape) });
            for (const [n, one] of actions.entries()) {
              if (one.do === "trigger" && h.environment.active.digest !== false) {
                const data = { k: one.k, ...(one.until ? { until: minutes(2) } : {}) };
                await h.trigger("digest", { recipients: ["ana", "bo"], data, cancellation_key: `ck${n}` });
              } else if (one.do === "cancel") await h.cancel("digest", `ck${one.which}`);
              else if (one.do === "advance") await h.moveTo(h.now + one.by);
              else if (one.do === "switch") h.environment.active.digest = one.on;
              else if (one.do === "respond") h.respond = () => ({ status: one.status, text: "{}" });
              const { items } = await h.store.listRecipientRuns({}, { limit: 100 });
              for (const { recipientRun } of items) {
                const replayed = recipientRun.events.reduce(apply, { status: "queued", steps: new Map() });
                const stored = readState(recipientRun);
                expect([replayed.status, ...replayed.steps]).toEqual([stored.status, ...stored.steps]);
                expect(recipientRun.error_count).toBe(
                  recipientRun.events.filter(({ status }) => status === "error").length,
                );
              }
            }
            h.environment.active.digest = true;
            await h.moveTo(h.now + HOUR);
            const { items } = await h.store.listRecipientRuns({}, { limit: 100 });
            for (const { recipientRun } of items) expect(["completed", "cancelled"]).toContain(recipientRun.status);
          }),
        ),
        getPropertyRuns(750),
      ),
    120_000,
  );
});
