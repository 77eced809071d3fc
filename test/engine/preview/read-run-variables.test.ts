import { describe, expect, it } from "vitest";
import type { TriggerOutcome } from "../../../src/domain/run/outcome.js";
import type { RunVariables } from "../../../src/ports/operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const setData = (ref: string, data: string): JsonObject => ({ ref, type: "update_data", settings: { data } });
const batch: JsonObject = {
  ref: "batch_1",
  type: "batch",
  settings: { batch_window: { unit: "hours", value: 1 }, batch_order: "asc" },
};

const getRunId = (outcome: TriggerOutcome): string => String(outcome.recipients?.[0]?.recipient_run_id);

/** Returns the variables after each event of a run, with the name of the event and its step. */
async function readMoments(h: EngineHarness, id: string): Promise<[string, RunVariables][]> {
  const stored = await h.store.readRecipientRun(id);
  const moments: [string, RunVariables][] = [];
  for (const [index, { event, step_ref }] of (stored?.recipientRun.events ?? []).entries()) {
    const found = await h.engine.readRunVariables(id, index + 1);
    if (found === null) throw new Error("the run does not exist");
    moments.push([[event, step_ref].filter(Boolean).join(" "), found]);
  }
  return moments;
}

const readData = async (h: EngineHarness, id: string): Promise<Record<string, unknown>> =>
  Object.fromEntries((await readMoments(h, id)).map(([name, { variables }]) => [name, variables.data]));

describe("the variables of a run at a moment", () => {
  it("have the data before and after each step that changed it, also between two messages", () =>
    withHarness(async (h) => {
      h.respond = () => ({ status: 200, text: '{"plan":"pro"}' });
      h.define("changes", {
        steps: [
          setData("update_1", '{"n": {{ data.n | plus: 1 }}}'),
          setData("update_2", '{"n": {{ data.n | times: 10 }}, "for": "{{ recipient.id }}"}'),
          {
            ref: "fetch_1",
            type: "http_fetch",
            settings: { method: "get", url: "https://lark.test/", response_path: "account" },
          },
          setData("update_3", '{"plan": "{{ data.account.plan }}"}'),
          step.feed("Hi"),
          setData("update_4", '{"n": 0}'),
        ],
      });
      const id = getRunId(await h.trigger("changes", { recipients: ["ana"], data: { n: 1 } }));
      const fetched = { n: 20, for: "ana", account: { plan: "pro" } };
      expect(await readData(h, id)).toEqual({
        run_started: { n: 1 },
        "step_completed update_1": { n: 2 },
        "step_completed update_2": { n: 20, for: "ana" },
        "run_paused fetch_1": { n: 20, for: "ana" },
        "run_resumed fetch_1": { n: 20, for: "ana" },
        "step_completed fetch_1": fetched,
        "step_completed update_3": { ...fetched, plan: "pro" },
        "message_enqueued in_app_feed_1": { ...fetched, plan: "pro" },
        "step_completed in_app_feed_1": { ...fetched, plan: "pro" },
        "step_completed update_4": { ...fetched, plan: "pro", n: 0 },
        run_completed: { ...fetched, plan: "pro", n: 0 },
      });
      expect((await h.engine.readRunVariables(id, 3))?.variables).not.toHaveProperty("n");
    }));

  it("have one activity until the batch closes, and then those of the batch", () =>
    withHarness(async (h) => {
      h.define("collect", { steps: [batch, step.feed("{{ total_activities }}"), setData("update_1", '{"m": 1}')] });
      const first = await h.trigger("collect", { recipients: ["ana"], actor: "bo", data: { n: 1, deep: { a: 1 } } });
      await h.at(MINUTE);
      await h.trigger("collect", { recipients: ["ana"], actor: "eli", data: { n: 2 } });
      await h.at(HOUR);
      const seen = (await readMoments(h, getRunId(first))).map(([name, { variables }]) => [
        name,
        variables.total_activities,
        (variables.activities as JsonObject[]).map(({ n }) => n),
        variables.data,
      ]);
      expect(seen).toEqual([
        ["run_started", 1, [1], { n: 1, deep: { a: 1 } }],
        ["batch_opened batch_1", 1, [1], { n: 1, deep: { a: 1 } }],
        ["run_paused batch_1", 1, [1], { n: 1, deep: { a: 1 } }],
        ["run_resumed batch_1", 1, [1], { n: 1, deep: { a: 1 } }],
        ["batch_closed batch_1", 2, [1, 2], { n: 2 }],
        ["step_completed batch_1", 2, [1, 2], { n: 2 }],
        ["message_enqueued in_app_feed_1", 2, [1, 2], { n: 2 }],
        ["step_completed in_app_feed_1", 2, [1, 2], { n: 2 }],
        ["step_completed update_1", 2, [1, 2], { n: 2, m: 1 }],
        ["run_completed", 2, [1, 2], { n: 2, m: 1 }],
      ]);
    }));

  it("have the result of a wait only after it ended", () =>
    withHarness(async (h) => {
      const event = { event_type: "message", source_type: "workflow", source_key: "waits", event_key: "read" };
      const condition = { variable: "event.step_ref", operator: "equal_to", argument: "in_app_feed_1" };
      const settings = {
        event,
        match_conditions: [{ operator: "and", conditions: [condition] }],
        expires_after: { unit: "minutes", value: 3 },
        on_timeout: "continue",
      };
      h.define("waits", { steps: [step.feed("Hi"), { ref: "wait_1", type: "wait_for_event", settings }] });
      const id = getRunId(await h.trigger("waits", { recipients: ["ana"] }));
      await h.at(HOUR);
      const refs = (await readMoments(h, id)).map(([name, { variables }]) => [name, variables.refs]);
      expect(refs.slice(3)).toEqual([
        ["run_paused wait_1", undefined],
        ["run_resumed wait_1", undefined],
        ["step_completed wait_1", { wait_1: { matched: false, signal_variables: {} } }],
        ["run_completed", { wait_1: { matched: false, signal_variables: {} } }],
      ]);
    }));

  it("name the recipient, actor and tenant of which only today's state is known", () =>
    withHarness(async (h) => {
      h.define("slow", { steps: [step.delay("hours", 1)] });
      const id = getRunId(await h.trigger("slow", { recipients: ["ana"], actor: "bo" }));
      await h.at(HOUR);
      expect((await readMoments(h, id)).flatMap(([, { changed }]) => changed)).toEqual([]);
      h.now += MINUTE;
      await h.engine.resources.users.set("ana", { name: "Another" });
      const [[, first] = []] = await readMoments(h, id);
      expect(first?.changed).toEqual([{ name: "recipient", updated_at: new Date(h.now).toISOString() }]);
      expect(first?.variables.recipient).toMatchObject({ name: "Another" });
      expect(await h.engine.readRunVariables("none", 1)).toBeNull();
    }));

  it("name the steps whose changes cannot be repeated, and redact secrets", () =>
    withHarness(async (h) => {
      h.environment.secret_variables.token = "s3cret-token";
      Object.assign(h.environment, { secrets: ["s3cret-token"] });
      h.define("depends", {
        steps: [setData("update_1", '{"n": {{ recipient.age }}}'), setData("update_2", '{"m": 1}')],
      });
      await h.engine.resources.users.set("ana", { age: 4 });
      const id = getRunId(await h.trigger("depends", { recipients: ["ana"] }));
      await h.engine.resources.users.set("ana", { age: "none" });
      const [, [, after] = []] = await readMoments(h, id);
      expect(after).toMatchObject({
        unknown_data: ["update_1"],
        variables: { data: {}, vars: { token: "[redacted]" } },
      });
      expect(await h.engine.readRunVariables(id, 3)).toMatchObject({
        unknown_data: [],
        variables: { data: { n: 4, m: 1 } },
      });
    }));
});
