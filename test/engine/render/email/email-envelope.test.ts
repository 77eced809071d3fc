import { describe, expect, it } from "vitest";
import { RenderError } from "../../../../src/engine/liquid/liquid.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { type RenderInput, renderContent, renderStep } from "../../../helpers/render-step.js";

const email = (more: Partial<RenderInput> & { settings?: JsonObject } = {}): RenderInput => ({
  type: "email",
  template: { subject: "S", html_body: "<p>B</p>", settings: more.settings ?? {} },
  ...more,
});

const FILE = { name: "a.txt", content_type: "text/plain", content: "aGk=" };

describe("addresses and the subject", () => {
  it.each(["from_address", "to_address", "cc_address", "bcc_address", "reply_to_address"])(
    "a line break in %s is rejected, so that data cannot add headers",
    async (name) => {
      const overrides = { [name]: "{{ data.x }}" };
      const failed = renderStep(email({ overrides, data: { x: "a@lark.test\r\nBcc: b@lark.test" } }));
      await expect(failed).rejects.toThrow(RenderError);
      await expect(failed).rejects.toThrow(`steps[0].channel_overrides.${name} must not contain line breaks`);
    },
  );

  it("line breaks in a subject and in a sender's name become spaces", async () => {
    const template = { subject: "{{ data.x }}", html_body: "B" };
    const content = await renderContent(
      email({
        template,
        overrides: { from_address: "a@lark.test", from_name: "{{ data.x }}" },
        data: { x: "One\r\nBcc: b@lark.test" },
      }),
    );
    expect(content).toMatchObject({ subject_line: "One Bcc: b@lark.test", from: "One Bcc: b@lark.test <a@lark.test>" });
  });

  it("CH-081 `to` is a single address", async () => {
    const failed = renderStep(email({ overrides: { to_address: "a@lark.test, b@lark.test" } }));
    await expect(failed).rejects.toThrow("to_address must be one address once rendered");
    const named = await renderContent(email({ overrides: { to_address: '"Voss, Mara" <m@lark.test>' } }));
    expect(named.to).toBe('"Voss, Mara" <m@lark.test>');
  });

  it("CH-080 T-134 the channel's settings are rendered as templates", async () => {
    const channel = { settings: { from_address: "{{ data.team }}@lark.test", cc_address: "{{ data.none }}" } };
    expect(await renderContent(email({ channel, data: { team: "ops" } }))).toMatchObject({
      from: "ops@lark.test",
      cc: null,
    });
  });
});

describe("JSON overrides and headers (CH-080, CH-090, CHQ-8)", () => {
  it("the step's overrides take precedence over the channel's; maps are merged and lists are replaced", async () => {
    const channel = { settings: { json_overrides: '{"headers": {"X-A": "1", "X-B": 2}, "tags": ["a"]}' } };
    const overrides = { json_overrides: '{"headers": {"X-A": "{{ data.x }}"}, "tags": ["b"]}' };
    expect(await renderContent(email({ channel, overrides, data: { x: "own" } }))).toMatchObject({
      headers: { "X-A": "own", "X-B": "2" },
      json_overrides: { headers: { "X-A": "own", "X-B": 2 }, tags: ["b"] },
    });
  });

  it("the message has only the API's fields if there are no overrides", async () => {
    expect(Object.keys(await renderContent(email()))).toEqual([
      "__typename",
      "to",
      "from",
      "cc",
      "bcc",
      "reply_to",
      "subject_line",
      "html_body",
      "text_body",
    ]);
  });

  it.each([
    ['{"a"', "json_overrides is invalid JSON once rendered"],
    ['{"headers": "x"}', "json_overrides.headers must be an object"],
    ['{"headers": {"a b": "x"}}', 'json_overrides.headers["a b"] is not a valid header name'],
    ['{"headers": {"Subject": "x"}}', 'json_overrides.headers["Subject"] cannot be overridden'],
    ['{"headers": {"X-A": "x\\r\\nBcc: b@lark.test"}}', 'json_overrides.headers["X-A"] must not contain line breaks'],
  ])("T-094 %s fails the step", async (json_overrides, expected) => {
    await expect(renderContent(email({ overrides: { json_overrides } }))).rejects.toThrow(expected);
  });

  it("T-240 emails of commercial workflows have unsubscribe headers, other emails have none", async () => {
    const vars = { commercial_unsubscribe_url: "https://unsubscribe.invalid/r-1" };
    const headers = {
      "List-Unsubscribe": "<https://unsubscribe.invalid/r-1>",
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    };
    expect(await renderContent(email({ scope: { vars, workflow: { commercial: true } } }))).toMatchObject({ headers });
    expect(await renderContent(email({ scope: { vars, workflow: { commercial: false } } }))).not.toHaveProperty(
      "headers",
    );
    const overrides = { json_overrides: '{"headers": {"list-unsubscribe": "<mailto:u@lark.test>"}}' };
    expect(
      (await renderContent(email({ overrides, scope: { vars, workflow: { commercial: true } } }))).headers,
    ).toEqual({
      "list-unsubscribe": "<mailto:u@lark.test>",
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    });
  });
});

describe("attachments (T-131, E-191)", () => {
  it("are read from data.attachments or from the template's own key, as one object or a list", async () => {
    const two = [FILE, { ...FILE, name: "b.png", content_type: "image/png", content_id: "b", disposition: "inline" }];
    expect((await renderContent(email({ data: { attachments: two } }))).attachments).toEqual(two);
    const settings = { attachment_key: "docs.bill" };
    expect((await renderContent(email({ settings, data: { docs: { bill: FILE } } }))).attachments).toEqual([FILE]);
    expect(await renderContent(email({ data: { docs: FILE } }))).not.toHaveProperty("attachments");
  });

  it("are those of the activity that opened the batch, or those that a later step added", async () => {
    const of = (name: string): JsonObject => ({ attachments: [{ ...FILE, name }] });
    const batch = { first: of("first"), reduced: { n: 1 } };
    const name = async (more: Partial<RenderInput>) =>
      ((await renderContent(email(more))).attachments as JsonObject[]).map((one) => one.name);
    expect(await name({ batch, data: { n: 1 } })).toEqual(["first"]);
    expect(await name({ batch, data: { n: 1, ...of("fetched") } })).toEqual(["fetched"]);
  });

  it.each<[string, unknown, string]>([
    ["text", "x", "data.attachments must be an object"],
    ["an attachment without a name", [{ ...FILE, name: "" }], "data.attachments[0].name must be a non-empty string"],
    ["a name with a line break", { ...FILE, name: "a\r\nb" }, "data.attachments.name must not contain line breaks"],
    [
      "an invalid type",
      [FILE, { ...FILE, content_type: "pdf" }],
      "data.attachments[1].content_type must be a media type",
    ],
    ["content that is not base64", { ...FILE, content: "häh?" }, "data.attachments.content must be base64"],
    ["missing content", { ...FILE, content: null }, "data.attachments.content must be base64"],
    [
      "a content ID with a line break",
      { ...FILE, content_id: "a>\r\nX: b" },
      "data.attachments.content_id must not contain",
    ],
    ["an invalid disposition", { ...FILE, disposition: "x" }, 'disposition must be "inline" or "attachment"'],
  ])("%s fails the step", async (_what, attachments, expected) => {
    await expect(renderContent(email({ data: { attachments } as JsonObject }))).rejects.toThrow(expected);
  });
});

describe("tracking (section 14)", () => {
  it("T-232 removes the marker of links that must not be tracked", async () => {
    const template = {
      subject: "S",
      html_body: '<a data-knock-no-track href="https://lark.test">x</a><a href="y" data-knock-no-track="1">y</a>',
    };
    expect((await renderContent(email({ template }))).html_body).toBe(
      '<a href="https://lark.test">x</a><a href="y">y</a>',
    );
  });
});
