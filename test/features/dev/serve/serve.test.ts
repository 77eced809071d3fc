import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import type { Sample } from "../../../helpers/run-knock.js";
import { HOOK_SECRET, type StartedServer, signUser, startServer, withKey } from "../../../helpers/started-server.js";

let server: StartedServer;
let sample: Sample;
const call: StartedServer["call"] = (...request) => server.call(...request);
const createKey: StartedServer["createKey"] = (...args) => server.createKey(...args);

beforeAll(async () => {
  server = await startServer();
  sample = server.sample;
  const { url } = server;
  expect(JSON.parse(readFileSync(sample.path("ready.json"), "utf8"))).toMatchObject({ url });
});

afterAll(() => server.stop());

describe("knock serve", () => {
  it.each([
    "/",
    "/messages",
    "/mcp",
    "/__knock/ready",
    "/__knock/clock",
    "/__knock/page/project",
    "/__knock/events",
    "/__knock/messages",
    "/v1/openapi",
    "/scenes/00000000-0000-4000-8000-000000000000/v1/users",
  ])("does not answer %s", async (path) => {
    expect((await call(path, withKey(server.keys.secret))).status).toBe(404);
    expect([401, 404]).toContain((await call(path)).status);
  });

  it("answers nothing of the management API, whatever the key is", async () => {
    for (const key of ["knock_st_local", server.keys.secret])
      expect([401, 404]).toContain((await call("/v1/environments", withKey(key))).status);
  });

  it("accepts only its own keys, and not those of environment.json", async () => {
    for (const key of [
      "",
      "sk_test_1",
      "pk_test_1",
      "sk_of_the_file",
      `${server.keys.secret}x`,
      server.keys.secret.slice(0, -1),
    ])
      expect({ key, status: (await call("/v1/users", withKey(key))).status }).toEqual({ key, status: 401 });
    expect((await call("/v1/users", withKey(server.keys.secret))).status).toBe(200);
    expect((await call("/v1/users", { ...withKey(server.keys.secret), host: "anything.example" })).status).toBe(200);
  });

  it("ignores scenes and refuses keys of another environment", async () => {
    sample.write("knock/environments/production.json", { name: "production" });
    const other = await createKey("--environment", "production");
    expect(other).toMatch(/^sk_(?!test_)/);
    const { status, text } = await eventually(async () => {
      const answer = await call("/v1/users", { ...withKey(other), "x-knock-scene": "x" });
      return answer.text.includes("another environment") ? answer : null;
    });
    expect({ status, text }).toMatchObject({ status: 401 });
  });

  it("needs a signed user token with a public key", async () => {
    const feed = "/v1/users/ada/feeds/in-app-feed";
    const read = async (headers: Record<string, string>) =>
      (await call(feed, { ...withKey(server.keys.public), ...headers })).status;
    expect(await read({})).toBe(401);
    expect(await read({ "x-knock-user-token": "ada" })).toBe(401);
    expect(await read({ "x-knock-user-token": signUser("ada", -1_200) })).toBe(401);
    expect(await read({ "x-knock-user-token": signUser("grace") })).toBe(403);
    expect(await read({ "x-knock-user-token": signUser("ada") })).toBe(200);
  });

  it("applies the rate limits of the service", async () => {
    const identify = { method: "POST", body: JSON.stringify({ users: [{ id: "ada" }] }) };
    const headers = { ...withKey(server.keys.secret), "content-type": "application/json" };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call("/v1/users/bulk/identify", headers, identify)),
    );
    expect(answers.map(({ status }) => status)).toContain(429);
  });

  it("logs each request with its ID, key and route, and without paths and bodies", async () => {
    const { id } = await call("/v1/users/secret-user-id?x=secret-query", withKey(server.keys.secret));
    const line = await eventually(() => server.lines.find(({ request_id }) => request_id === id));
    expect(line).toMatchObject({ event: "request", method: "GET", route: "/v1/users/{user_id}", status: 404 });
    expect(line.key_id).toMatch(/^key_[0-9a-f]{12}$/);
    expect(JSON.stringify(server.lines)).not.toMatch(new RegExp(`secret-|${server.keys.secret}|${server.keys.public}`));
  });

  it("logs the run, workflow and tenant that a trigger started", async () => {
    const template = { markdown_body: "Hi", action_url: "" };
    const feed = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "in-app-feed", template };
    sample.write("knock/workflows/hello/workflow.json", { name: "Hello", steps: [feed] });
    const headers = { ...withKey(server.keys.secret), "content-type": "application/json" };
    const body = JSON.stringify({ recipients: ["ada"], tenant: { id: "acme", name: "secret-name" } });
    const { id, text } = await eventually(async () => {
      const answer = await call("/v1/workflows/hello/trigger", headers, { method: "POST", body });
      return answer.status === 200 ? answer : null;
    });
    const line = await eventually(() => server.lines.find(({ request_id }) => request_id === id));
    expect(line).toMatchObject({ ...(JSON.parse(text) as JsonObject), workflow: "hello", tenant: "acme" });
    expect(JSON.stringify(server.lines)).not.toContain("secret-name");
  });

  it("receives events of a source with a secret key, or with the signature that the source verifies", async () => {
    const mapping = { event_type: "joined", action_type: "users_identify", action_parameters: { user_id: "user" } };
    const verification = { scheme: "secret", secret: "$HOOK_SECRET" };
    sample.write("knock/sources/app/source.json", { mappings: [mapping] });
    sample.write("knock/sources/signed/source.json", { settings: { verification }, mappings: [mapping] });
    const send = (source: string, user: string, headers: Record<string, string> = {}) =>
      call(`/v1/sources/${source}/events`, headers, { method: "POST", body: JSON.stringify({ type: "joined", user }) });
    const findUser = async (user: string) => (await call(`/v1/users/${user}`, withKey(server.keys.secret))).status;
    const signature = { "x-webhook-secret": HOOK_SECRET };
    const refused = await send("signed", "mallory", { "x-webhook-secret": "x" });
    const statuses = [
      await send("app", "mallory"),
      await send("app", "mallory", signature),
      await send("app", "mallory", withKey(server.keys.public)),
      await send("signed", "mallory"),
      refused,
      await send("unknown", "mallory"),
    ].map(({ status }) => status);
    expect(statuses).toEqual([401, 401, 403, 401, 401, 401]);
    expect(await findUser("mallory")).toBe(404);
    expect((await send("app", "kim", withKey(server.keys.secret))).status).toBe(200);
    expect((await send("signed", "lee", signature)).status).toBe(200);
    expect((await send("unknown", "lee", withKey(server.keys.secret))).status).toBe(404);
    expect([await findUser("kim"), await findUser("lee")]).toEqual([200, 200]);
    const line = await eventually(() => server.lines.find(({ request_id }) => request_id === refused.id));
    expect(line).toMatchObject({ route: "/v1/sources/{key}/events", error: expect.stringContaining("does not match") });
  });

  it("links to the preference center at the address of environment.json", async () => {
    const { json } = { json: JSON.parse(readFileSync(sample.path("knock/environment.json"), "utf8")) as JsonObject };
    sample.write("knock/environment.json", { ...json, tracking: { base_url: "https://go.example.com" } });
    const init = { method: "POST" };
    await eventually(async () => {
      const { text } = await call("/v1/users/ada/preference_center/signed_url", withKey(server.keys.secret), init);
      return text.includes("https://go.example.com/preferences/");
    });
  });

  it("logs changes and errors of files as JSON lines", async () => {
    sample.write("knock/workflows/broken/workflow.json", "{");
    const line = await eventually(() => server.lines.find(({ message }) => /^workflow broken: /.test(String(message))));
    expect(line).toMatchObject({ level: "warn", event: "warning" });
    expect(server.readErrors()).toBe("");
  });

  it("serves probes and metrics on a port of their own", async () => {
    const read = async (path: string) => {
      const response = await fetch(`${server.operatorUrl}${path}`);
      return { status: response.status, text: await response.text() };
    };
    expect(await read("/health")).toEqual({ status: 200, text: "ok\n" });
    expect(await read("/ready")).toEqual({ status: 200, text: "ok\n" });
    expect((await read("/metrics")).text).toMatch(/knock_http_requests_total\{route="\/v1\/users",status="200"\} \d/);
    expect((await read("/v1/users")).status).toBe(404);
    expect((await call("/metrics", withKey(server.keys.secret))).status).toBe(404);
  });
});

describe("knock keys", () => {
  const findStatus = async (key: string): Promise<number> => (await call("/v1/users", withKey(key))).status;

  it("replaces a key, whose predecessor stays valid until its time is over", async () => {
    const first = await createKey("--name", "rotated");
    const { json } = await sample.knock(["keys", "list", "--json"]);
    const [{ id = "" } = {}] = (json.items as { id?: string; name: string }[]).filter(({ name }) => name === "rotated");
    const second = (await sample.knock(["keys", "rotate", id, "--quiet"])).stdout.trim();
    await eventually(async () => (await findStatus(second)) === 200);
    expect(await findStatus(first)).toBe(200);
    const third = (await sample.knock(["keys", "rotate", id, "--keep", "0s", "--quiet"])).stdout.trim();
    await eventually(async () => (await findStatus(third)) === 200);
    expect([await findStatus(first), await findStatus(second)]).toEqual([401, 401]);
    await sample.knock(["keys", "revoke", id]);
    await eventually(async () => (await findStatus(third)) === 401);
    expect((await call("/v1/users", withKey(third))).text).toContain("revoked");
  });

  it("stores digests and prints a key once", async () => {
    const key = await createKey();
    const shown = await sample.knock(["keys", "list", "--json"]);
    expect(shown.stdout).not.toContain(key);
    expect(readFileSync(sample.path(".knock-local/store.db")).includes(key)).toBe(false);
  });

  it.each([
    ["an unknown key", ["rotate", "key_none"], 5, 'there is no key "key_none"'],
    ["an invalid time", ["rotate", "key_none", "--keep", "soon"], 2, "--keep"],
    ["a missing key", ["revoke"], 2, "missing required argument"],
  ])("reports %s", async (_title, args, code, text) => {
    const { stderr, exitCode } = await sample.knock(["keys", ...args]);
    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: expect.stringContaining(text) });
  });

  it("refuses the second of two rotations at once", async () => {
    await createKey("--name", "twice");
    const { json } = await sample.knock(["keys", "list", "--json"]);
    const id = (json.items as { id: string; name: string }[]).find(({ name }) => name === "twice")?.id ?? "";
    const codes = await Promise.all([1, 2].map(async () => (await sample.knock(["keys", "rotate", id])).exitCode));
    // If they did not meet, both replace the key, one after the other.
    expect([
      [0, 0],
      [0, 6],
    ]).toContainEqual(codes.sort());
    const revoked = await sample.knock(["keys", "revoke", id]);
    const again = await sample.knock(["keys", "revoke", id]);
    expect([revoked.exitCode, again.exitCode]).toEqual([0, 6]);
  });
});

describe("knock dev with a database", () => {
  it("refuses to listen beyond this computer", async () => {
    const args = ["dev", "--host", "0.0.0.0", "--store", "postgres://127.0.0.1:1/knock"];
    const { stderr, exitCode } = await sample.knock(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining("Use `knock serve`") });
  });
});
