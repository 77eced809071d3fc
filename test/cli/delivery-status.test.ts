import { afterEach, beforeEach, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { createInProcessSample as createSample } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

let sample: Sample;
let target: HttpTestServer;
beforeEach(async () => {
  target = await startHttpTestServer();
  sample = createSample(null);
  sample.write("knock.json", { knockDir: "./knock" });
  const settings = { account_sid: "AC1", auth_token: "$TWILIO", from: "+15550009999", base_url: target.url };
  sample.write("knock/environment.json", {
    channels: { text: { type: "sms", provider: "twilio", deliver: true, settings } },
  });
  sample.write("knock/workflows/ping/workflow.json", {
    name: "ping",
    steps: [{ ref: "sms_1", type: "channel", channel_key: "text", channel_type: "sms", template: { text_body: "Hi" } }],
  });
});
afterEach(async () => {
  sample.remove();
  await target.close();
});

it("E-207 E-212 an SMS becomes sent, then delivered, when later commands ask its provider, and the log contains every request", async () => {
  const statuses = ["queued", "sent", "delivered"];
  target.respondWith(({ method }) => ({
    status: method === "POST" ? 201 : 200,
    json: { sid: "SM1", status: statuses.shift() },
  }));
  const env = { TWILIO: "twilio-token" };
  const recipient = '{"id":"ada","phone_number":"+15550000001"}';
  const ran = await sample.knock(["notify", "ping", "-r", recipient, "--json"], { env });
  const step = ran.outcome.recipients?.[0]?.steps[0];
  expect(step).toMatchObject({ outcome: "sent", message_status: "sent" });
  await sample.knock(["clock", "advance", "1h"], { env });
  expect(target.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /2010-04-01/Accounts/AC1/Messages.json",
    "GET /2010-04-01/Accounts/AC1/Messages/SM1.json",
    "GET /2010-04-01/Accounts/AC1/Messages/SM1.json",
  ]);
  const message = (await sample.knock(["messages", "show", String(step?.message_id), "--json"])).json as JsonObject;
  expect(message).toMatchObject({ status: "delivered" });
  expect(message.delivery_logs).toHaveLength(3);
  const shown = await sample.knock(["messages", "show", String(step?.message_id)]);
  expect(shown.stdout).toContain("delivered");
  expect(shown.stdout).not.toContain("twilio-token");
});
