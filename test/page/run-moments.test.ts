import { describe, expect, it } from "vitest";
import { renderText } from "../../src/engine/liquid/liquid.js";
import { listVariables, searchVariables } from "../../src/page/run-timeline/list-variables.js";
import { filterObjects, type JsonObject } from "../../src/util/json.js";
import { buildCondition, step } from "../helpers/build-steps.js";
import { type TestEmulator, withApi } from "../helpers/test-emulator.js";

/** Returns what the page shows of a run at each moment: its status and steps. */
async function describeMoments(api: TestEmulator, id: unknown): Promise<string[]> {
  const read = async (search = ""): Promise<JsonObject> =>
    (await api.request(`GET /__knock/page/runs/${String(id)}/moments${search}`)).body ?? {};
  const described: string[] = [];
  for (const { id: moment, event, step_ref } of filterObjects((await read()).items)) {
    const { run, messages } = (await read(`?moment=${String(moment)}`)).state as {
      run: JsonObject;
      messages: JsonObject[];
    };
    const steps = filterObjects(run.steps).map(({ ref, outcome }) => `${String(ref)} ${String(outcome)}`);
    const statuses = messages.map(({ status }) => String(status));
    const name = [event, step_ref].filter(Boolean).join(" ");
    described.push(`${name}: ${[String(run.status), ...steps, ...statuses].join(", ")}`);
  }
  return described;
}

describe("the moments of a run", () => {
  it("have the status, steps and messages as they were then, also of a step that failed and was repeated", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.respond = () => ({ status: 500, text: "" });
      const settings = { method: "get", url: "https://lark.test/" };
      harness.define("tries", { steps: [{ ref: "fetch_1", type: "http_fetch", settings }, step.feed("Hi")] });
      const { recipients } = await harness.trigger("tries", { recipients: ["u1"] });
      harness.respond = () => ({ status: 200, text: "{}" });
      await harness.moveTo(harness.now + 60_000);
      expect(await describeMoments(api, recipients?.[0]?.recipient_run_id)).toEqual([
        "run_started: processing",
        "step_started fetch_1: processing, fetch_1 processing",
        "run_paused fetch_1: paused, fetch_1 waiting",
        "run_resumed fetch_1: processing, fetch_1 waiting",
        "step_retried fetch_1: processing, fetch_1 waiting",
        "run_paused fetch_1: paused, fetch_1 waiting",
        "run_resumed fetch_1: processing, fetch_1 waiting",
        "step_completed fetch_1: processing, fetch_1 passed",
        "step_started in_app_feed_1: processing, fetch_1 passed, in_app_feed_1 processing",
        "message_enqueued in_app_feed_1: processing, fetch_1 passed, in_app_feed_1 processing, queued",
        "step_completed in_app_feed_1: processing, fetch_1 passed, in_app_feed_1 sent, queued",
        "run_completed: completed, fetch_1 passed, in_app_feed_1 sent, queued",
        "message.queued in_app_feed_1: completed, fetch_1 passed, in_app_feed_1 sent, queued",
        "message.delivered in_app_feed_1: completed, fetch_1 passed, in_app_feed_1 sent, delivered",
      ]);
    }));

  it("have the reason only from when the run ended before its first step", () =>
    withApi(async (api) => {
      api.harness.define("never", {
        conditions: buildCondition("data.go", "equal_to", true),
        steps: [step.feed("Hi")],
      });
      const { recipients } = await api.harness.trigger("never", { recipients: ["u1"] });
      const path = `GET /__knock/page/runs/${recipients?.[0]?.recipient_run_id}/moments`;
      const items = filterObjects((await api.request(path)).body?.items);
      const responses = await Promise.all(items.map(({ id }) => api.request(`${path}?moment=${String(id)}`)));
      const states = responses.map(({ body }) => body?.state as { run: JsonObject });
      expect(
        items.map(({ event }, at) => [
          event,
          states[at]?.run.reason !== undefined,
          filterObjects(states[at]?.run.conditions).length,
        ]),
      ).toEqual([
        ["run_started", false, 0],
        ["trigger_conditions_evaluated", false, 1],
        ["run_halted", true, 1],
        ["run_completed", true, 1],
      ]);
    }));

  it("are canceled with the waiting step, and unknown ones have no state", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.define("stops", { steps: [step.delay("hours", 1)] });
      const { recipients } = await harness.trigger("stops", { recipients: ["u1"], cancellation_key: "k" });
      await harness.cancel("stops", "k");
      const id = recipients?.[0]?.recipient_run_id;
      expect((await describeMoments(api, id)).slice(-2)).toEqual([
        "run_paused delay_1: paused, delay_1 waiting",
        "run_cancelled delay_1: cancelled, delay_1 cancelled",
      ]);
      expect((await api.request(`GET /__knock/page/runs/${id}/moments?moment=none`)).body?.state).toBeNull();
      expect((await api.request("GET /__knock/page/runs/none/moments")).status).toBe(404);
    }));
});

describe("the list of variables", () => {
  const data = {
    order: { items: [{ sku: "A-1", "gift note": "Hi" }], "2nd": 2, "it's": 3, 'a "b"': 4, größe: 5, "dash-ed": 6 },
  };

  it("has paths with which Liquid reads the values", () => {
    const leaves = listVariables("data", data).filter(({ text }) => !/(keys?|items?)$/.test(text));
    expect(leaves.length).toBe(7);
    for (const { path, text } of leaves) expect(renderText(`{{ ${path} | json }}`, { data }), path).toBe(text);
    expect(leaves[0]?.path).toBe("data.order.items[0].sku");
  });

  it("finds names and values in any case, and shortens long values", () => {
    expect(searchVariables({ data }, "GIFT").map(({ path }) => path)).toEqual(['data.order.items[0]["gift note"]']);
    expect(searchVariables({ data, vars: {} }, "a-1").map(({ name }) => name)).toEqual(["sku"]);
    const [found] = listVariables("text", "x".repeat(10_000));
    expect(found?.text.length).toBeLessThan(200);
    expect(listVariables("vars", {})).toEqual([{ path: "vars", name: "vars", depth: 0, text: "{}" }]);
  });
});
