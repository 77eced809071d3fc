import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signFetchRequest } from "../../../src/engine/steps/http-fetch-handler.js";
import type { OutboundResponse } from "../../../src/ports/http-client.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { SECOND } from "../../helpers/case-times.js";
import { formatSteps, getRecipientOutcome } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const URL = "https://lark.test/p";
const BODY = "{{ data.a }}/{{ data.m.x }}/{{ data.m.y }}";
const DATA = { a: 1, m: { x: 5 } };

function fetchStep(settings: JsonObject = {}): JsonObject {
  return { ref: "http_fetch_1", type: "http_fetch", settings: { method: "get", url: URL, ...settings } };
}

const ok = (value: unknown, status = 200): OutboundResponse => ({
  status,
  text: typeof value === "string" ? value : JSON.stringify(value),
});

describe("O. Fetch", () => {
  let engine: EngineHarness;

  beforeEach(async () => {
    engine = await EngineHarness.open();
  });
  afterEach(() => engine.close());

  async function run(answers: OutboundResponse[], settings: JsonObject = {}, data: JsonObject = DATA) {
    engine.define("f", { steps: [fetchStep(settings), step.email("S", BODY)] });
    engine.respond = (_request, attempt) => answers[attempt - 1] ?? ok("unexpected", 418);
    return engine.trigger("f", { recipients: ["ana"], data, cancellation_key: "ck" });
  }

  const html = async (): Promise<unknown[]> =>
    (await engine.listMessages("ana")).map((message) => message.content.html_body);

  it.each<[string, OutboundResponse, JsonObject, string]>([
    [
      "C-255 E-296 the response overrides the data, and nested values are replaced as a whole",
      ok({ a: 2, m: { y: 9 } }),
      {},
      "2//9",
    ],
    ["C-256 E-297 response_path nests the response", ok([1, 2]), { response_path: "m.f" }, "1/5/"],
    ["C-257 E-298 an empty body does not change the data", ok("", 204), {}, "1/5/"],
  ])("%s", async (_title, answer, settings, expected) => {
    const outcome = await run([answer], settings);
    expect(formatSteps(getRecipientOutcome(outcome, "ana"))).toEqual(["http_fetch_1 passed", "email_1 sent"]);
    expect(await html()).toEqual([expected]);
  });

  it("C-256 E-297 the data below response_path is kept", async () => {
    await run([ok([1, 2])], { response_path: "m.f" });
    expect((await engine.listMessages("ana"))[0]?.data).toEqual({ a: 1, m: { x: 5, f: [1, 2] } });
  });

  it.each<[string, OutboundResponse]>([
    ["C-258 E-294 E-300 a 202 response", ok({ a: 2 }, 202)],
    ["C-259 E-300 a 404 response", ok("", 404)],
    ["C-263 E-300 a refused connection", { failure: "connection", message: "connect ECONNREFUSED" }],
    ["C-264 E-300 an HTML response", ok("<html></html>")],
    ["C-265 E-304 a list without response_path", ok([1, 2])],
    ["E-300 JSON that is nested too deep", ok(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)],
    ["E-300 a key that would set a prototype", ok('{"m":{"__proto__":{"x":1}}}')],
  ])("%s fails the step at the first attempt", async (_title, answer) => {
    const outcome = await run([answer]);
    expect(formatSteps(getRecipientOutcome(outcome, "ana"))).toEqual(["http_fetch_1 failed fetch_error"]);
    expect(engine.requests).toHaveLength(1);
    expect(await engine.listMessages("ana")).toEqual([]);
    const detail = await engine.engine.readRecipientRun(String(getRecipientOutcome(outcome, "ana").recipient_run_id));
    expect([detail?.status, Number(detail?.error_count) >= 1]).toEqual(["completed", true]);
  });

  it("C-260 E-299 a server error is retried 30 s and 90 s after the first attempt", async () => {
    const outcome = await run([ok("", 500), ok("", 500), ok({ a: 3 })]);
    expect(getRecipientOutcome(outcome, "ana").status).toBe("paused");
    await engine.at(29 * SECOND);
    expect(engine.requests).toHaveLength(1);
    await engine.at(30 * SECOND);
    expect(engine.requests).toHaveLength(2);
    await engine.at(89 * SECOND);
    expect(await html()).toEqual([]);
    await engine.at(90 * SECOND);
    expect(await html()).toEqual(["3/5/"]);
  });

  it("C-261 E-301 E-008 three server errors fail the step", async () => {
    const outcome = await run([ok("", 500), ok("", 503), ok("", 500)]);
    await engine.at(90 * SECOND);
    const ended = getRecipientOutcome(await engine.readOutcome(outcome), "ana");
    expect([ended.status, ...formatSteps(ended)]).toEqual(["completed", "http_fetch_1 failed fetch_error"]);
    expect(engine.requests).toHaveLength(3);
  });

  it("C-262 E-295 a timeout is retried after 30 s", async () => {
    await run([{ failure: "timeout", message: "no response within 15 s" }, ok({ a: 4 })]);
    await engine.at(44 * SECOND);
    expect(engine.requests).toHaveLength(1);
    await engine.at(45 * SECOND);
    expect(await html()).toEqual(["4/5/"]);
  });

  it("C-266 E-355 a canceled run is not retried", async () => {
    const outcome = await run([ok("", 500), ok({ a: 3 })]);
    await engine.at(10 * SECOND);
    await engine.engine.cancelWorkflow({ workflow: "f", cancellation_key: "ck", recipients: null });
    await engine.at(90 * SECOND);
    expect([getRecipientOutcome(await engine.readOutcome(outcome), "ana").status, engine.requests.length]).toEqual([
      "cancelled",
      1,
    ]);
  });

  it("C-267 E-293 URL, query parameters, headers and body are rendered", async () => {
    await run([ok({})], {
      method: "post",
      url: "https://lark.test/u/{{ recipient.id }}?v={{ vars.flag }}",
      query_params: [{ key: "p", value: "{{ data.a }}" }],
      headers: [{ key: "X-Plan", value: "{{ recipient.plan }}" }],
      body: '{"n": {{ data.a }}}',
    });
    expect(engine.requests[0]).toMatchObject({
      method: "post",
      url: "https://lark.test/u/ana?v=true&p=1",
      headers: { "content-type": "application/json", "x-plan": "pro" },
      body: '{"n":1}',
      timeout_ms: 15_000,
    });
  });

  it("C-268 E-303 the signature covers the timestamp and the body", () => {
    expect(signFetchRequest("k3y", '{"a":1}', 1749024000000)).toBe(
      "t=1749024000000,s=4O71KqW586BTOvl/IRN7Z7u09/8z0UV21wPMafHrMwI=",
    );
  });

  it("E-293 a URL that is neither declared nor allowed is not requested", async () => {
    const outcome = await run([ok({})], { url: "https://elsewhere.test/" });
    expect(engine.requests).toEqual([]);
    expect(getRecipientOutcome(outcome, "ana").steps[0]?.reason?.detail).toContain("https://elsewhere.test/");
  });

  it("E-293 a declared response replaces the request", async () => {
    engine.environment.fetch.answers = [
      { method: "get", url: URL, status: 200, body: { a: 8 }, headers: {}, delay_ms: 0, error: null },
    ];
    await run([]);
    expect([engine.requests.length, ...(await html())]).toEqual([0, "8/5/"]);
  });
});

describe("S. AI agent", () => {
  let engine: EngineHarness;

  beforeEach(async () => {
    engine = await EngineHarness.open();
  });
  afterEach(() => engine.close());

  const agent = (settings: JsonObject): JsonObject => ({
    ref: "ai_1",
    type: "ai_agent",
    settings: { model: "x:y", request_prompt: "Sum up {{ data.n }}", response_type: "text", ...settings },
  });

  it("C-314 E-349 a text response is stored under the step's ref", async () => {
    engine.environment.agent.answers = [{ workflow: null, step: "ai_1", text: "calm" }];
    engine.define("a", { steps: [agent({}), step.email("S", "{{ data.ai_1.text }}")] });
    await engine.trigger("a", { recipients: ["ana"] });
    expect((await engine.listMessages("ana"))[0]?.content.html_body).toBe("calm");
  });

  it("C-315 E-349 E-352 a JSON response that matches its schema decides a branch", async () => {
    engine.environment.agent.answers = [{ workflow: "a", step: null, json: { tone: "calm" } }];
    const schema = JSON.stringify({ type: "object", properties: { tone: { type: "string" } }, required: ["tone"] });
    const branches: JsonObject[] = [
      {
        conditions: { all: [{ variable: "data.ai_1.tone", operator: "equal_to", argument: "calm" }] },
        steps: [step.sms()],
      },
      { steps: [step.email()] },
    ];
    engine.define("a", {
      steps: [agent({ response_type: "json", response_schema: schema }), { ref: "branch_1", type: "branch", branches }],
    });
    const outcome = await engine.trigger("a", { recipients: ["ana"] });
    expect(formatSteps(getRecipientOutcome(outcome, "ana"))).toEqual(["ai_1 passed", "branch_1 passed", "sms_1 sent"]);
  });

  it("a response that is nested too deep fails the step", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    engine.environment.agent.url = "https://lark.test/model";
    engine.respond = () => ({ status: 200, text: `{"json":{"a":${deep}}}` });
    engine.define("a", { steps: [agent({ response_type: "json", response_schema: "{}" }), step.email()] });
    expect(formatSteps(getRecipientOutcome(await engine.trigger("a", { recipients: ["ana"] }), "ana"))).toEqual([
      "ai_1 failed agent_error",
    ]);
  });

  it.each([true, false])("the request to the model has web_search_enabled %s", async (web_search_enabled) => {
    engine.environment.agent.url = "https://lark.test/model";
    engine.respond = () => ({ status: 200, text: '{"text":"calm"}' });
    engine.define("a", { steps: [agent({ web_search_enabled })] });
    await engine.trigger("a", { recipients: ["ana"], data: { n: 3 } });
    expect(JSON.parse(String(engine.requests[0]?.body))).toMatchObject({ prompt: "Sum up 3", web_search_enabled });
  });

  it.each([
    [true, ["ai_1 failed agent_error"]],
    [false, ["ai_1 skipped agent_error", "email_1 sent"]],
  ])(
    "C-316 E-350 E-351 a model that never responds fails or skips the step with halt_on_error %s",
    async (halt, expected) => {
      engine.environment.agent.url = "https://lark.test/model";
      engine.respond = () => ({ status: 503, text: "" });
      engine.define("a", { steps: [agent({ halt_on_error: halt }), step.email()] });
      const outcome = await engine.trigger("a", { recipients: ["ana"] });
      expect(formatSteps(getRecipientOutcome(outcome, "ana"))).toEqual(expected);
      expect(engine.requests).toHaveLength(4);
    },
  );
});
