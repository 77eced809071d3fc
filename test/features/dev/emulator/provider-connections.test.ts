import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import { openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";
import { type SmtpReceiver, startSmtpReceiver } from "../../../helpers/smtp-receiver.js";

let smtp: SmtpReceiver;
let closedSessions = 0;
let api: ProjectApi;

beforeEach(async () => {
  closedSessions = 0;
  // With long timeouts, only a closed pool ends a session.
  smtp = await startSmtpReceiver({
    socketTimeout: 600_000,
    onClose() {
      closedSessions++;
    },
  });
  const settings = {
    host: "127.0.0.1",
    port: smtp.port,
    tls: "none",
    timeout_ms: 600_000,
    from_address: "hi@lark.test",
  };
  const channels = { mail: { type: "email", provider: "smtp", deliver: true, settings } };
  api = await openProjectApi({ "knock/environment.json": { channels } });
});
afterEach(() => smtp.close());

describe("deliveries that a fault lets pass", () => {
  it("have a delivery log, as others do", async () => {
    await api.request("POST /__knock/faults", { channel: "mail", status: 503, rate: 0 });
    await api.trigger("letter", "ada");
    await eventually(() => smtp.received.length === 1);
    const { items } = (await api.request("GET /v1/messages")).body as { items: { id: string }[] };
    const logs = await eventually(async () => {
      const { body } = await api.request(`GET /v1/messages/${items[0]?.id}/delivery_logs`);
      return (body.items as JsonObject[])[0];
    });
    expect(logs).toMatchObject({ service_name: "SMTP" });
    await api.close();
    await eventually(() => closedSessions === 1);
  });
});

describe("connections to providers", () => {
  it("are closed with the emulator", async () => {
    await api.trigger("letter", "ada");
    await eventually(() => smtp.received.length === 1);
    expect(closedSessions).toBe(0);
    await api.close();
    await eventually(() => closedSessions === 1);
  });

  it("are closed with their scene", async () => {
    const { body: scene } = await api.request("POST /__knock/scenes");
    const headers = { "x-knock-scene": String(scene.id) };
    await api.request("POST /v1/workflows/letter/trigger", { recipients: ["ada"] }, headers);
    await eventually(() => smtp.received.length === 1);
    await api.request(`DELETE /__knock/scenes/${scene.id}`);
    await eventually(() => closedSessions === 1);
    await api.close();
  });
});
