import { describe, expect, it } from "vitest";
import { buildChannel, MESSAGE_ID, ProviderHarness } from "../helpers/provider-harness.js";

// https://www.twilio.com/docs/usage/security#validating-requests
const VECTOR = {
  url: "https://mycompany.com/myapp.php?foo=1&bar=2",
  body: "CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212",
  headers: { "x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ=" },
};

describe("the webhook of Twilio", () => {
  const channel = buildChannel("sms", "sms_twilio", { account_id: "AC1", auth_token: "$TOKEN", phone_number: "+1202" });
  const harness = new ProviderHarness({ TOKEN: "12345" });

  it("accepts the signature of the vendor's own example, and no other", async () => {
    expect(await harness.readEvents(channel, VECTOR)).toEqual([]);
    const body = VECTOR.body.replace("1234", "1235");
    await expect(harness.readEvents(channel, { ...VECTOR, body })).rejects.toThrow("signature is wrong");
    const url = `${VECTOR.url}&message_id=${MESSAGE_ID}`;
    await expect(harness.readEvents(channel, { ...VECTOR, url })).rejects.toThrow("signature is wrong");
  });
});
