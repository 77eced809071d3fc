import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toRecipientKey } from "../../src/domain/recipient/recipient.js";
import { getExitCode, KnockError } from "../../src/errors/knock-error.js";
import type { ResourceOperations } from "../../src/ports/resource-operations.js";
import { openRemote } from "../../src/remote/open-remote.js";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../helpers/loopback-certificate.js";
import { buildClientOptions, catchRejection } from "./open-options.js";

const PAGE = { limit: 10 };
const PROJECT = { collection: "projects", id: "p1" };
const ADA = "ada";

/** One request of each resource operation. */
const OPERATIONS: Record<string, (resources: ResourceOperations) => Promise<unknown>> = {
  "users.list": ({ users }) => users.list({}, PAGE),
  "users.read": ({ users }) => users.read("ada"),
  "users.set": ({ users }) => users.set("ada", {}),
  "users.delete": ({ users }) => users.delete("ada"),
  "users.merge": ({ users }) => users.merge("ada", "ada-old"),
  "objects.list": ({ objects }) => objects.list("projects", PAGE),
  "objects.read": ({ objects }) => objects.read("projects", "p1"),
  "objects.set": ({ objects }) => objects.set("projects", "p1", {}),
  "objects.delete": ({ objects }) => objects.delete("projects", "p1"),
  "tenants.list": ({ tenants }) => tenants.list({}, PAGE),
  "tenants.read": ({ tenants }) => tenants.read("acme"),
  "tenants.set": ({ tenants }) => tenants.set("acme", {}),
  "tenants.delete": ({ tenants }) => tenants.delete("acme"),
  "preferences.list": ({ preferences }) => preferences.list(ADA),
  "preferences.read": ({ preferences }) => preferences.read(ADA, "default"),
  "preferences.set": ({ preferences }) => preferences.set(ADA, "default", {}),
  "channelData.read": ({ channelData }) => channelData.read(ADA, "c1"),
  "channelData.set": ({ channelData }) => channelData.set(ADA, "c1", { data: { tokens: ["t"] } }),
  "channelData.delete": ({ channelData }) => channelData.delete(ADA, "c1"),
  "subscriptions.list": ({ subscriptions }) => subscriptions.list({ object: PROJECT }, PAGE),
  "subscriptions.add": ({ subscriptions }) => subscriptions.add(PROJECT, { recipients: ["ada"] }),
  "subscriptions.delete": ({ subscriptions }) => subscriptions.delete(PROJECT, { recipients: ["ada"] }),
  "audiences.list": ({ audiences }) => audiences.list("beta", PAGE),
  "audiences.add": ({ audiences }) => audiences.add("beta", { members: [{ user: "ada" }] }, { create_audience: true }),
  "audiences.remove": ({ audiences }) => audiences.remove("beta", { members: [{ user: "ada" }] }),
  "feeds.list": ({ feeds }) => feeds.list({ recipient: toRecipientKey("ada"), channel: "c1" }, PAGE),
  "schedules.list": ({ schedules }) => schedules.list({ workflow: "hello" }, PAGE),
  "schedules.read": ({ schedules }) => schedules.read("s1", { workflow: "hello" }),
  "schedules.create": ({ schedules }) => schedules.create({ workflow: "hello", recipients: ["ada"] }),
  "schedules.update": ({ schedules }) => schedules.update({ schedule_ids: ["s1"] }),
  "schedules.delete": ({ schedules }) => schedules.delete({ schedule_ids: ["s1"] }),
};

type Fault = (request: IncomingMessage, response: ServerResponse) => void;

const HTML = { "content-type": "text/html" };

/** Faults of a broken server, which handles every request in this way. */
const FAULTS: Record<string, Fault> = {
  "never answers": () => {},
  "closes the connection": (request) => request.socket.destroy(),
  "closes it within the body": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
    response.write('{"entries":[', () => response.destroy());
  },
  "answers with bytes that are not HTTP": (request) => request.socket.end("220 ready\r\n"),
  "answers with a web page": (_request, response) => response.writeHead(200, HTML).end("<html>Sign in</html>"),
  redirects: (_request, response) => response.writeHead(302, { location: "/login" }).end(),
  "answers with an empty body": (_request, response) => response.writeHead(200).end(),
  "answers with broken JSON": (_request, response) => response.writeHead(200).end('{"entries":'),
};

/** Operations without a response body: any success is enough for them. */
const WITHOUT_BODY = /\.(delete|add|remove)$/;
const SUCCESSES = /^answers with (a web page|an empty body|broken JSON)$/;

describe("resources of the remote target", () => {
  let fault: Fault = () => {};
  const server = createServer((request, response) => fault(request, response));
  const secure = createSecureServer(
    { cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY },
    (_request, response) => void response.end("{}"),
  );
  const urls: { plain?: string; secure?: string } = {};

  const open = async (url: string) => {
    // Only a server that is silent reaches the time limit, which must not end a handshake on a busy machine.
    const timeoutMs = url === urls.secure ? 30_000 : 15;
    const remote = openRemote(
      buildClientOptions({ url, apiKey: "sk_test_0123456789" }, { timeoutMs, sleep: async () => {} }),
    );
    return { remote, resources: await remote.openResources() };
  };

  const check = async (url: string, operation: (resources: ResourceOperations) => Promise<unknown>) => {
    const { remote, resources } = await open(url);
    const error = await catchRejection(operation(resources)).finally(() => remote.close());
    expect(error).toBeInstanceOf(KnockError);
    expect(getExitCode(error)).toBe(7);
    return error as KnockError;
  };

  beforeAll(async () => {
    for (const [name, each] of [
      ["plain", server],
      ["secure", secure],
    ] as const) {
      await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
      const { port } = each.address() as AddressInfo;
      urls[name] = `${name === "secure" ? "https" : "http"}://127.0.0.1:${port}`;
    }
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    secure.closeAllConnections();
    secure.close();
  });

  describe.each(Object.entries(FAULTS))("with a server that %s", (name, current) => {
    const isEnough = (operation: string) => SUCCESSES.test(name) && WITHOUT_BODY.test(operation);
    const operations = Object.entries(OPERATIONS).filter(([operation]) => !isEnough(operation));
    it.each(operations)("%s ends with exit code 7", async (_name, operation) => {
      fault = current;
      await check(urls.plain as string, operation);
    });
  });

  it.each(Object.entries(OPERATIONS))("%s names a certificate that is not trusted", async (_name, operation) => {
    expect((await check(urls.secure as string, operation)).message).toMatch(/certificate/);
  });
});
