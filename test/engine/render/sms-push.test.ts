import { describe, expect, it } from "vitest";
import { RenderError } from "../../../src/engine/liquid/liquid.js";
import type { JsonObject } from "../../../src/util/json.js";
import { renderContent, renderStep } from "../../helpers/render-step.js";

describe("the content of an SMS (A-475, T-210)", () => {
  const sms = (template: JsonObject, more: object = {}) => ({
    type: "sms" as const,
    template: { text_body: "Hi {{ recipient.name }}", ...template },
    properties: { name: "Mara", phone_number: "+15550000001" },
    ...more,
  });

  it("has the API's format", async () => {
    expect(await renderContent(sms({}))).toEqual({
      __typename: "MessageSmsContent",
      to: "+15550000001",
      body: "Hi Mara",
    });
  });

  it("uses the template's number unless it is blank, then the recipient's", async () => {
    const settings = { to_number: " {{ data.number }} " };
    expect(await renderContent(sms({ settings }, { data: { number: "+1777" } }))).toMatchObject({ to: "+1777" });
    expect(await renderContent(sms({ settings }))).toMatchObject({ to: "+15550000001" });
    expect((await renderStep(sms({ settings }))).destinations[0]?.snapshot).toEqual({
      phone_number: "+15550000001",
      name: "Mara",
    });
  });

  it("T-221 creates no message without a number", async () => {
    for (const properties of [
      {},
      { phone_number: "" },
      { phone_number: " " },
      { phone_number: 15_550_000_001 },
      { phone_number: null },
    ])
      expect((await renderStep(sms({}, { properties }))).destinations).toEqual([]);
  });

  it("T-094 rejects payload overrides that do not render to a JSON object", async () => {
    const settings = { payload_overrides: '{ "from": {{ recipient.name | json }} }' };
    expect(await renderContent(sms({ settings }))).toMatchObject({ payload_overrides: { from: "Mara" } });
    expect(
      await renderContent(sms({ settings: { payload_overrides: "{% if false %}{}{% endif %}" } })),
    ).not.toHaveProperty("payload_overrides");
    for (const bad of ["{{ recipient.name }}", "[1]", "5", '{"a":}'])
      await expect(renderContent(sms({ settings: { payload_overrides: bad } }))).rejects.toThrow(
        /template\.settings\.payload_overrides (is invalid JSON|must be a JSON object) once rendered(: .+)?$/,
      );
  });
});

describe("the content of a push (A-476, T-211)", () => {
  const push = (template: JsonObject, channelData: JsonObject | undefined, more: object = {}) => ({
    type: "push" as const,
    template: { title: "T", text_body: "{{ data.page }}", settings: { delivery_type: "content" }, ...template },
    ...(channelData ? { channelData } : {}),
    data: { page: "Home" },
    ...more,
  });
  const addresses = async (channelData: JsonObject | undefined) =>
    (await renderStep(push({}, channelData))).destinations.map(({ address }) => address);

  it("E-181 has the API's format, with one message per token", async () => {
    const { contents } = await renderStep(push({}, { tokens: ["t1", "t2"] }));
    expect(contents).toEqual(
      ["t1", "t2"].map((token) => ({
        __typename: "MessagePushContent",
        token,
        title: "T",
        body: "Home",
        data: { page: "Home" },
      })),
    );
  });

  it.each<[string, JsonObject | undefined, string[]]>([
    ["no destination without channel data", undefined, []],
    ["each token once", { tokens: ["a", "b", "a"] }, ["a", "b"]],
    ["the tokens of devices", { devices: [{ token: "a" }, { token: "b", locale: "de" }] }, ["a", "b"]],
    ["each token of devices and tokens once", { devices: [{ token: "a" }], tokens: ["a", "b"] }, ["a", "b"]],
    [
      "target_arns of devices, then others",
      { target_arns: ["arn:1"], devices: [{ target_arn: "arn:2" }] },
      ["arn:2", "arn:1"],
    ],
    ["player_ids", { player_ids: ["p"] }, ["p"]],
    [
      "no destination for invalid tokens",
      { tokens: ["", 5, null, {}], devices: ["x", null, {}, { token: 1 }], player_ids: "p" },
      [],
    ],
    ["no destination for data of another shape", { tokens: "abc", devices: { token: "a" } }, []],
  ])("T-222 CH-240 is sent to %s", async (_what, channelData, expected) => {
    expect(await addresses(channelData)).toEqual(expected);
  });

  it("CH-143 is sent to the recipient's own ID if OneSignal knows it, without channel data", async () => {
    const channel = { provider: "push_one_signal", settings: { recipient_mode: "external_id" } };
    const { destinations } = await renderStep(push({}, { player_ids: ["p"] }, { channel }));
    expect(destinations).toEqual([{ address: "u-42", snapshot: null, locale: null }]);
    const players = { ...channel, settings: { recipient_mode: "player_id" } };
    const { destinations: devices } = await renderStep(push({}, { player_ids: ["p"] }, { channel: players }));
    expect(devices.map(({ address }) => address)).toEqual(["p"]);
  });

  it("has only data if it is silent", async () => {
    expect(await renderContent(push({ settings: { delivery_type: "silent" } }, { tokens: ["t"] }))).toEqual({
      __typename: "MessagePushContent",
      token: "t",
      title: "",
      body: "",
      data: { page: "Home" },
    });
  });

  it("has an empty title in old files without a title, and payload overrides if they are valid JSON", async () => {
    expect(await renderContent(push({ title: null }, { tokens: ["t"] }))).toMatchObject({ title: "" });
    const settings = { payload_overrides: '{"apns":{"badge":{{ data.page | size }}}}' };
    expect(await renderContent(push({ settings }, { tokens: ["t"] }))).toMatchObject({
      payload_overrides: { apns: { badge: 4 } },
    });
    await expect(renderContent(push({ settings: { payload_overrides: "{" } }, { tokens: ["t"] }))).rejects.toThrow(
      RenderError,
    );
  });
});
