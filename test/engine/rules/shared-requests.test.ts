import { describe, expect, it } from "vitest";
import { parseSharedRequest } from "../../../src/domain/workflow/parse-shared-request.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { formatSteps, getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

function share(h: EngineHarness, more: JsonObject = {}): void {
  const raw = { method: "post", url: "https://lark.test/{{ inputs.id }}", body: "{{ inputs | json }}", ...more };
  h.sharedRequests.set("lookup", parseSharedRequest("lookup", raw, "requests/lookup/request.json"));
}

const fetching = (inputs: JsonObject, more: JsonObject = {}): JsonObject => ({
  ref: "http_fetch_1",
  type: "http_fetch",
  settings: { reusable_step_key: "lookup", inputs, ...more },
});

async function run(h: EngineHarness, inputs: JsonObject, data: JsonObject = {}, more: JsonObject = {}) {
  h.define("f", { steps: [fetching(inputs, more), step.email("S", "{{ data | json }}")] });
  return getRecipientOutcome(await h.trigger("f", { recipients: ["ana"], data }), "ana");
}

const parseBodies = (h: EngineHarness): unknown[] => h.requests.map(({ body }) => JSON.parse(body ?? "null"));

describe("E-305 shared requests of fetch steps", () => {
  it("E-305 E-073 a request sees the step's rendered inputs", () =>
    withHarness(async (h) => {
      share(h, { headers: [{ key: "x-for", value: "{{ recipient.id }}/{{ inputs.list[1] }}" }] });
      h.respond = () => ({ status: 200, text: '{"ok":1}' });
      const outcome = await run(h, { id: "p-{{ data.n }}", list: ["a", "{{ recipient.plan }}"], flag: true }, { n: 7 });
      expect(formatSteps(outcome)).toEqual(["http_fetch_1 passed", "email_1 sent"]);
      expect(h.requests[0]).toMatchObject({ method: "post", url: "https://lark.test/p-7" });
      expect(h.requests[0]?.headers["x-for"]).toBe("ana/pro");
      expect(parseBodies(h)).toEqual([{ id: "p-7", list: ["a", "pro"], flag: true }]);
      expect((await h.listMessages())[0]?.content.html_body).toBe('{"n":7,"ok":1}');
    }));

  it("E-305 inputs are converted as the schema requires, have defaults, and fail the step if invalid", () =>
    withHarness(async (h) => {
      const input_schema = {
        type: "object",
        properties: { id: { type: "integer" }, size: { type: "string", default: "small" }, tags: { type: "array" } },
        required: ["id"],
      };
      share(h, { input_schema });
      const inputs = { id: "{{ data.n }}", tags: "{{ recipient.tags | json }}" };
      expect(formatSteps(await run(h, inputs, { n: 7 }))).toEqual(["http_fetch_1 passed", "email_1 sent"]);
      expect(parseBodies(h)).toEqual([{ id: 7, size: "small", tags: ["vip", "beta"] }]);
      const outcome = await run(h, inputs, { n: "seven" });
      expect(formatSteps(outcome)).toEqual(["http_fetch_1 failed render_error"]);
      expect(outcome.steps[0]?.reason?.detail).toBe('the inputs do not match the request "lookup": id is "seven"');
      expect(h.requests).toHaveLength(1);
    }));

  it("E-305 CH-206 an input cannot refer to inputs, nor to data with that name", () =>
    withHarness(async (h) => {
      share(h);
      await run(h, { id: "{{ inputs.other }}x", other: "y" }, { inputs: { other: "z" } });
      expect(parseBodies(h)).toEqual([{ id: "x", other: "y" }]);
    }));

  it("E-305 E-297 the response is stored at the step's response_path, or else at the request's", () =>
    withHarness(async (h) => {
      share(h, { response_path: "shared.answer" });
      h.respond = () => ({ status: 200, text: "[1]" });
      await run(h, { id: "1" });
      await run(h, { id: "1" }, {}, { response_path: "own" });
      const bodies = (await h.listMessages()).map(({ content }) => content.html_body);
      expect(bodies).toEqual(['{"shared":{"answer":[1]}}', '{"own":[1]}']);
    }));

  it("E-305 T-101 a waiting run uses the request as it is at that time", () =>
    withHarness(async (h) => {
      share(h);
      h.define("f", { steps: [step.delay("minutes", 1), fetching({ id: "1" })] });
      const started = await h.trigger("f", { recipients: ["ana", "bo"] });
      share(h, { url: "https://lark.test/new/{{ inputs.id }}" });
      await h.at(MINUTE);
      expect(h.requests.map(({ url }) => url)).toEqual(Array(2).fill("https://lark.test/new/1"));
      expect(formatSteps(getRecipientOutcome(await h.readOutcome(started), "ana"))).toEqual([
        "delay_1 passed",
        "http_fetch_1 passed",
      ]);
    }));

  it("E-305 E-164 a missing request or an invalid template fails the step, and a trigger is rejected", () =>
    withHarness(async (h) => {
      share(h);
      h.define("f", { steps: [step.delay("minutes", 1), fetching({ id: "1" })] });
      const first = await h.trigger("f", { recipients: ["ana"] });
      share(h, { url: "{{ inputs.id | nope }}" });
      await expect(h.trigger("f", { recipients: ["ana"] })).rejects.toThrow('request "lookup": url');
      await h.at(MINUTE);
      const failed = getRecipientOutcome(await h.readOutcome(first), "ana").steps[1];
      expect(failed).toMatchObject({ outcome: "failed", reason: { code: "render_error" } });

      share(h);
      const second = await h.trigger("f", { recipients: ["ana"] });
      h.sharedRequests.clear();
      await h.at(3 * MINUTE);
      expect(getRecipientOutcome(await h.readOutcome(second), "ana").steps[1]?.reason?.detail).toBe(
        'there is no shared request "lookup"',
      );
    }));
});
