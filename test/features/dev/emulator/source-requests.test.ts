import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { parseSource } from "../../../../src/domain/trigger/parse-source.js";
import type { KnockError } from "../../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { openProjectApi, type ProjectApi, SAMPLE_FILES } from "../../../helpers/project-emulator.js";

const SECRET = "whsec-0815";
let api: ProjectApi | undefined;

afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function openSource(
  settings: JsonObject,
  mappings: JsonObject[] = [],
  env: Record<string, string> = { HOOK_SECRET: SECRET },
) {
  api = await openProjectApi({ ...SAMPLE_FILES, "knock/sources/tasks/source.json": { settings, mappings } }, { env });
  return api.url;
}

async function send(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: JsonObject }> {
  const response = await fetch(`${url}/__knock/sources/tasks`, { method: "POST", body, headers });
  return { status: response.status, body: (await response.json()) as JsonObject };
}

const hmac = (body: string, algorithm = "sha256", encoding: "hex" | "base64" = "hex"): string =>
  createHmac(algorithm, SECRET).update(body).digest(encoding);

describe("paths in a source's request (E-402)", () => {
  it("read body. and headers. from the request, and key from the workflow or audience", async () => {
    const url = await openSource({ event_type_path: "headers.X-Event", user_id_path: "body.user" }, [
      {
        event_type: "done",
        action_type: "users_identify",
        action_parameters: { user_id: "body.user", properties: { region: "headers.x-region", title: "title" } },
      },
      { event_type: "done", action_type: "audiences_add_member", action_parameters: { key: "beta", user_id: "user" } },
    ]);
    const { body } = await send(url, '{"user":"zoe","title":"T","body":{"x":1}}', {
      "x-event": "done",
      "X-Region": "eu",
    });
    expect(
      (body.actions as JsonObject[]).map(({ action_type, outcome, error }) => [action_type, outcome, error]),
    ).toEqual([
      ["users_identify", "done", null],
      ["audiences_add_member", "done", null],
    ]);
    const user = await api?.request("GET /v1/users/zoe");
    expect(user?.body).toMatchObject({ region: "eu", title: "T" });
  });

  it("include the documented default body.type, and a body's own field named body", async () => {
    const url = await openSource({ event_type_path: "body.type", idempotency_key_path: "body.body.id" });
    expect((await send(url, '{"type":"a","body":{"id":"k1"}}')).body).toMatchObject({
      event_type: "a",
      idempotency_key: "k1",
    });
  });
});

describe("signatures of a source's requests", () => {
  const BODY = '{ "type": "a", "text": "ü" }';

  it.each<[what: string, verification: JsonObject, headers: Record<string, string>]>([
    ["the service's header and HMAC SHA-256 in hex", { secret: "$HOOK_SECRET" }, { "X-Knock-Signature": hmac(BODY) }],
    [
      "another header, algorithm, encoding and prefix",
      { secret: "$HOOK_SECRET", header: "X-Hub-Signature", algorithm: "sha1", encoding: "base64", prefix: "sha1=" },
      { "x-hub-signature": `sha1=${hmac(BODY, "sha1", "base64")}` },
    ],
    ["a shared secret", { secret: "$HOOK_SECRET", scheme: "secret" }, { "x-webhook-secret": SECRET }],
  ])("E-419 are checked with %s, and other requests get 401", async (_what, verification, headers) => {
    const url = await openSource({ verification, enforce_verification: true });
    expect((await send(url, BODY, headers)).status).toBe(200);
    const [name, value] = Object.entries(headers)[0] as [string, string];
    for (const wrong of [
      {},
      { [name]: `${value.slice(0, -2)}00` },
      { [name]: "" },
      { [name]: "ü".normalize("NFD").slice(0, 1) },
    ])
      expect((await send(url, BODY, wrong as Record<string, string>)).status).toBe(401);
    if (verification.scheme !== "secret") expect((await send(url, `${BODY} `, headers)).status).toBe(401);
    expect((await api?.request("GET /__knock/sources"))?.status).toBe(200);
  });

  it("reject everything without the secret, and the message names the variable", async () => {
    const url = await openSource({ verification: { secret: "$HOOK_SECRET" } }, [], {});
    const { status, body } = await send(url, BODY, { "x-knock-signature": hmac(BODY) });
    expect([status, body.message]).toEqual([401, 'source "tasks": the environment variable HOOK_SECRET is not set']);
    expect(JSON.stringify(body)).not.toContain(SECRET);
  });

  it("are optional with enforce_verification false", async () => {
    const url = await openSource({ verification: { secret: "$HOOK_SECRET" }, enforce_verification: false });
    expect((await send(url, BODY)).status).toBe(200);
  });

  it.each<[settings: JsonObject, message: string]>([
    [
      { preprocess_script: "function main() {}" },
      "settings.preprocess_script is unsupported: scripts do not run locally",
    ],
    [{ enforce_verification: true }, "settings.verification is required if enforce_verification is true"],
    [
      { verification: { secret: "abc" } },
      'settings.verification.secret must name an environment variable, such as "$BILLING_SECRET"',
    ],
    [{ verification: { secret: "$A", algorithm: "md5" } }, "settings.verification.algorithm"],
  ])("reject the settings %j", (settings, message) => {
    let error: KnockError | undefined;
    try {
      parseSource("tasks", { settings }, "source.json");
    } catch (thrown) {
      error = thrown as KnockError;
    }
    expect(error?.message).toContain(message);
  });
});
