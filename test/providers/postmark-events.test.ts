import { describe, expect, it } from "vitest";
import { buildChannel, MESSAGE_ID, NOW, ProviderHarness } from "../helpers/provider-harness.js";

describe("the webhook of Postmark", () => {
  const settings = { api_key: "$KEY", webhook_signing_key: "$WEBHOOK" };
  const channel = buildChannel("email", "postmark", settings);
  const harness = new ProviderHarness({ KEY: "key", WEBHOOK: "knock:s3cret" });
  const at = new Date(NOW).toISOString();
  const read = (record: object, credentials = "knock:s3cret") =>
    harness.readEvents(channel, {
      url: "https://hooks.lark.test/v1/providers/out/events",
      headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      body: JSON.stringify({ Metadata: { knock_message_id: MESSAGE_ID }, ...record }),
    });

  // https://postmarkapp.com/developer/webhooks/webhooks-overview
  it.each([
    [{ RecordType: "Delivery", DeliveredAt: at }, { type: "delivered" }],
    [
      { RecordType: "Bounce", Type: "HardBounce", BouncedAt: at, Description: "No mailbox" },
      { type: "bounced", reason: "Postmark: No mailbox" },
    ],
    [{ RecordType: "SpamComplaint", BouncedAt: at }, { type: "complained" }],
    [{ RecordType: "Open", ReceivedAt: at }, { type: "opened" }],
    [
      { RecordType: "Click", ReceivedAt: at, OriginalLink: "https://lark.test" },
      { type: "clicked", url: "https://lark.test" },
    ],
    [{ RecordType: "SubscriptionChange", ChangedAt: at, SuppressSending: true }, { type: "unsubscribed" }],
  ])("reads %j", async (record, expected) => {
    expect(await read(record)).toEqual([{ message_id: MESSAGE_ID, at: NOW, ...expected }]);
  });

  it.each([
    { RecordType: "Bounce", Type: "Transient", BouncedAt: at },
    { RecordType: "SubscriptionChange", ChangedAt: at, SuppressSending: false },
    { RecordType: "Inbound" },
    { RecordType: "Delivery", DeliveredAt: at, Metadata: {} },
  ])("ignores %j", async (record) => expect(await read(record)).toEqual([]));

  it("refuses other credentials", () =>
    expect(read({ RecordType: "Delivery" }, "knock:other")).rejects.toThrow("signature is wrong"));
});
