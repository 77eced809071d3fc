import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../../../helpers/postgres-server.js";
import { type StartedServer, signUser, startServer, withKey } from "../../../helpers/started-server.js";

let server: StartedServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

/** Returns the status of the first response to text on a connection. */
async function readStatus(...texts: (string | Buffer)[]): Promise<number> {
  const { socket, received } = server.send(...texts);
  const status = await eventually(() => /^HTTP\/1\.1 (?!100)(\d+)/m.exec(received())?.[1]);
  socket.destroy();
  return Number(status);
}

const buildRequest = (method: string, target: string, headers = "") =>
  `${method} ${target} HTTP/1.1\r\nHost: api.example.com\r\n${headers}Content-Length: 0\r\n\r\n`;

describe("requests that knock serve refuses", () => {
  it.each([
    "//__knock/clock",
    "/v1/../__knock/clock",
    "/v1/..%2f__knock/clock",
    "/%5f%5fknock/clock",
    "/__KNOCK/clock",
    "/__knock/clock;x",
    "http://127.0.0.1/__knock/clock",
    "http://127.0.0.1/scenes/x/v1/users",
    "/scenes/x/../../v1/openapi",
    "/v1/commits",
    "/v1//users",
    "/V1/users",
    "/v1/users/",
    "*",
  ])("are to %s, even with a key", async (target) => {
    const key = `Authorization: Bearer ${server.keys.secret}\r\n`;
    for (const method of ["GET", "POST", "DELETE", "TRACE"])
      expect({ method, status: await readStatus(buildRequest(method, target, key)) }).toEqual({ method, status: 404 });
  });

  it.each([
    ["two lengths", "Content-Length: 2\r\n"],
    ["a length and chunks", "Transfer-Encoding: chunked\r\n"],
    ["headers of more than 64 kB", `X: ${"x".repeat(70_000)}\r\n`],
  ])("have %s", async (_title, headers) => {
    expect([400, 431]).toContain(await readStatus(buildRequest("POST", "/v1/users/ada", headers)));
  });

  it("have a key in the query, or a wrong key before the right one", async () => {
    const right = `Authorization: Bearer ${server.keys.secret}\r\n`;
    expect(await readStatus(buildRequest("GET", `/v1/users?api_key=${server.keys.secret}`))).toBe(401);
    expect(await readStatus(buildRequest("GET", "/v1/users", `Authorization: Bearer sk_x\r\n${right}`))).toBe(401);
  });

  it("have a body of more than 512 kB and no secret key", async () => {
    const init = { method: "PUT", body: JSON.stringify({ name: "x".repeat(600_000) }) };
    const user = { ...withKey(server.keys.public), "x-knock-user-token": signUser("ada") };
    expect(await server.call("/v1/users/ada", user, init)).toMatchObject({
      status: 413,
      text: expect.stringContaining("512 kB"),
    });
    expect((await server.call("/v1/users/ada", withKey(server.keys.secret), init)).status).toBe(200);
  });

  it("would hold more than 64 MB of webhooks that do not end", async () => {
    const head = "POST /v1/providers/sendgrid/events HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n";
    const held = Array.from({ length: 7 }, () => server.send(head, Buffer.alloc(9_900_000, "x")));
    await eventually(() => held.some(({ received }) => received().includes(" 503 ")));
    expect(held.filter(({ received }) => received() === "").length).toBeGreaterThanOrEqual(4);
    for (const { socket } of held) socket.destroy();
    const init = { method: "POST", body: "x".repeat(5_000_000) };
    await eventually(async () => (await server.call("/v1/providers/sendgrid/events", {}, init)).status === 404);
  });
});

describeOnPostgres("knock serve on a database", () => {
  let database: string;
  let onDatabase: StartedServer;

  beforeAll(async () => {
    database = await createDatabase();
    onDatabase = await startServer({ store: database });
  });

  afterAll(() => onDatabase.stop());

  it("counts calls of users with long names", async () => {
    const name = randomBytes(4_000).toString("hex");
    const user = { ...withKey(onDatabase.keys.public), "x-knock-user-token": signUser(name) };
    const init = { method: "POST", body: JSON.stringify({ message_ids: ["x"] }) };
    expect((await onDatabase.call("/v1/messages/batch/read", user, init)).status).toBe(200);
  });

  it("does not name the database to clients when it is lost, but in the log", async () => {
    await dropDatabase(database);
    // The keys are remembered for a moment.
    await eventually(async () => (await onDatabase.call("/v1/users", withKey("sk_wrong"))).status === 503);
    const name = new URL(database).pathname.slice(1);
    for (const path of ["/v1/users", `/preferences/${signUser("ada")}`]) {
      const { id, status, text } = await onDatabase.call(path, withKey("sk_wrong"));
      expect({ status, text }).toEqual({ status: 503, text: expect.stringContaining("The API is not available now") });
      expect(text).not.toContain(name);
      const line = await eventually(() => onDatabase.lines.find(({ request_id }) => request_id === id));
      expect(line).toMatchObject({ level: "warn", error: expect.stringContaining(name) });
    }
  });
});
