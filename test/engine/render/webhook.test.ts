import { describe, expect, it } from "vitest";
import type { Message } from "../../../src/domain/message/message.js";
import { RenderError } from "../../../src/engine/liquid/liquid.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { getBodyText, withHarness } from "../../helpers/engine-case.js";
import { renderContent } from "../../helpers/render-step.js";

const webhook = (template: JsonObject, data: JsonObject = { id: 7, name: 'a"b' }) => ({
  type: "http" as const,
  template: { method: "post", url: "https://hook.test/{{ data.id }}", ...template },
  properties: {},
  data,
});

describe("the content of a webhook step (T-213, T-226, CH-200)", () => {
  it("is the request that would be sent", async () => {
    const template = {
      headers: [{ key: "X-{{ data.id }}", value: "{{ recipient.id }}" }],
      query_params: [{ key: "q", value: "a b&c" }],
      body: '{ "name": {{ data.name | json }} }',
    };
    expect(await renderContent(webhook(template))).toEqual({
      __typename: "MessageWebhookContent",
      method: "post",
      url: "https://hook.test/7",
      headers: [{ key: "X-7", value: "u-42" }],
      query_params: [{ key: "q", value: "a b&c" }],
      body: { name: 'a"b' },
    });
  });

  it.each<[string, unknown]>([
    ["get", null],
    ["DELETE", null],
    ["PUT", { a: 1 }],
    ["patch", { a: 1 }],
  ])("EQ-53 %s has the body %j", async (method, body) => {
    expect(await renderContent(webhook({ method, body: '{"a":1}' }))).toMatchObject({
      method: method.toLowerCase(),
      body,
    });
  });

  it.each<[string, unknown]>([
    ["[1,2]", [1, 2]],
    ["plain {{ data.id }}", "plain 7"],
    ["5", "5"],
    ["{", "{"],
    ["", ""],
  ])("the body %j is sent as %j", async (source, body) => {
    expect(await renderContent(webhook({ body: source }))).toMatchObject({ body });
  });

  it("section 6.6 headers and parameters may be one template that renders to a JSON object", async () => {
    const template = { headers: '{ "X-Id": {{ data.id }}, "X-Name": {{ data.name | json }} }', query_params: "" };
    expect(await renderContent(webhook(template))).toMatchObject({
      headers: [
        { key: "X-Id", value: "7" },
        { key: "X-Name", value: 'a"b' },
      ],
      query_params: [],
    });
    await expect(renderContent(webhook({ headers: "X-Id: {{ data.id }}" }))).rejects.toThrow(RenderError);
  });

  it("E-073 section 7.6 only the request sees its inputs", () =>
    withHarness(async (h) => {
      const inputs = { page: "{{ data.page | upcase }}", from: "{{ recipient.id }}" };
      const template = {
        method: "post",
        url: "https://a.test/{{ inputs.page }}",
        body: '{"by":"{{ inputs.from }}"}',
        inputs,
      };
      h.define("digest", {
        steps: [step.webhook("", { template }), step.feed("[{{ inputs.page }}]")],
      });
      await h.trigger("digest", { recipients: ["ana"], data: { page: "home" } });
      const [hook, feed] = await h.listMessages();
      expect(hook?.content).toMatchObject({ url: "https://a.test/HOME", body: { by: "ana" } });
      expect(getBodyText(feed as Message)).toBe("<p>[]</p>");
    }));

  it("F-054 an input that cannot be parsed is rejected with its location", () =>
    withHarness(async (h) => {
      const template = { method: "get", url: "https://a.test", inputs: { page: "{{ broken" } };
      h.define("digest", { steps: [step.webhook("", { template })] });
      await expect(h.trigger("digest", { recipients: ["ana"] })).rejects.toMatchObject({
        code: "template_invalid",
        message: expect.stringContaining("steps[0].template.inputs.page"),
      });
    }));
});
