import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHttpClient } from "../../src/providers/open-http-client.js";
import { createOutboundHttpClient } from "../../src/providers/outbound-http-client.js";
import type { ResolveHost } from "../../src/util/address-guard.js";

const servers: Server[] = [];
const requests: string[] = [];
const closing: (() => Promise<void>)[] = [];

/** Starts one server per loopback address, on one port: the addresses of a name before and after it is rebound. */
beforeEach(async () => {
  requests.length = 0;
  let port = 0;
  for (const address of ["127.0.0.2", "127.0.0.3"]) {
    const server = createServer((request, response) => {
      requests.push(`${address} ${request.headers.host} ${request.url}`);
      // A connection per request, so that every request looks up the name.
      const headers = { connection: "close" };
      if (request.url === "/endless") {
        response.writeHead(200, headers);
        const write = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        response.on("drain", write);
        return write();
      }
      if (request.url === "/moved") response.writeHead(302, { ...headers, location: "/secret" });
      else response.writeHead(200, headers);
      response.end("ok");
    });
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    port = (server.address() as AddressInfo).port;
    servers.push(server);
  }
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

const port = (): number => ((servers[0] as Server).address() as AddressInfo).port;

/** Returns a resolver that returns the next address for each lookup, and the last one from then on. */
function rebinding(...addresses: string[]): { resolve: ResolveHost; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    resolve: (hostname, _options, callback) => {
      const address = addresses[Math.min(asked.length, addresses.length - 1)] as string;
      asked.push(hostname);
      callback(null, [{ address, family: 4 }]);
    },
  };
}

const request = (url: string, private_addresses: readonly string[] = []) => ({
  method: "get" as const,
  url,
  headers: {},
  body: null,
  timeout_ms: 10_000,
  private_addresses,
});

describe("requests of fetch steps, agent steps and outbound webhooks", () => {
  it("fail for a name that resolves to a private address, without a connection", async () => {
    const { resolve } = rebinding("127.0.0.2");
    const answer = await createOutboundHttpClient(resolve).fetch(request(`http://api.example:${port()}/secret`));
    expect(answer).toEqual({
      failure: "connection",
      message: expect.stringMatching(
        /^api\.example resolves to 127\.0\.0\.2, which is not a public address; .*"private_addresses"/,
      ),
    });
    expect(requests).toEqual([]);
  });

  it("fail after the name was rebound, and look it up once per connection", async () => {
    const { resolve, asked } = rebinding("127.0.0.2", "127.0.0.3");
    const fetcher = createOutboundHttpClient(resolve);
    const url = `http://api.example:${port()}/a`;
    expect(await fetcher.fetch(request(url, ["127.0.0.2"]))).toEqual({ status: 200, text: "ok" });
    expect(asked).toHaveLength(1);
    expect(await fetcher.fetch(request(url, ["127.0.0.2"]))).toMatchObject({ failure: "connection" });
    expect(asked).toHaveLength(2);
    expect(requests).toEqual([`127.0.0.2 api.example:${port()} /a`]);
  });

  it("do not share a connection with a request that is allowed more addresses", async () => {
    const { resolve } = rebinding("127.0.0.2");
    const fetcher = createOutboundHttpClient(resolve);
    const url = `http://api.example:${port()}/a`;
    expect(await fetcher.fetch(request(url, ["127.0.0.0/8"]))).toMatchObject({ status: 200 });
    expect(await fetcher.fetch(request(url))).toMatchObject({ failure: "connection" });
  });

  it("end for a response above 10 MB", async () => {
    const answer = await createOutboundHttpClient().fetch(request(`http://127.0.0.2:${port()}/endless`));
    expect(answer).toEqual({ failure: "connection", message: "the response is larger than 10 MB" });
  });

  it("reach a loopback address and localhost that the project names, and follow no redirect", async () => {
    const fetcher = createOutboundHttpClient();
    expect(await fetcher.fetch(request(`http://127.0.0.2:${port()}/moved`))).toEqual({ status: 302, text: "ok" });
    expect(requests).toEqual([`127.0.0.2 127.0.0.2:${port()} /moved`]);
  });
});

describe("requests of providers", () => {
  const send = (url: string, from_data: boolean, resolve?: ResolveHost, allowed: string[] = []) => {
    const { sendRequest: exchange, close } = openHttpClient({
      privateAddresses: async () => allowed,
      ...(resolve === undefined ? {} : { resolve }),
    });
    closing.push(close);
    return exchange({ method: "POST", url, headers: {}, body: "{}", timeout_ms: 10_000, from_data });
  };

  it("fail for good for a name that resolves to a private address", async () => {
    const { resolve } = rebinding("127.0.0.2");
    expect(await send(`http://hook.example:${port()}/`, true, resolve)).toMatchObject({
      failure: "malformed",
      message: expect.stringContaining("hook.example resolves to 127.0.0.2"),
    });
    expect(requests).toEqual([]);
    expect(await send(`http://hook.example:${port()}/`, true, resolve, ["127.0.0.2"])).toMatchObject({ status: 200 });
  });

  it("end for a response above 1 MB", async () => {
    expect(await send(`http://127.0.0.3:${port()}/endless`, false)).toEqual({
      failure: "connection",
      message: "the answer is larger than 1 MB",
      code: "",
    });
  });

  it("fail for an address in data that is not public, unless the project lists it", async () => {
    const local = [`http://127.0.0.3:${port()}/`, `http://2130706435:${port()}/`, `http://localhost:${port()}/`];
    for (const url of ["http://169.254.169.254/latest/meta-data/", "https://[::ffff:10.0.0.1]/", ...local])
      expect(await send(url, true)).toMatchObject({
        failure: "malformed",
        message: expect.stringContaining('add it to "private_addresses" in environment.json'),
      });
    expect(requests).toEqual([]);
    for (const url of local.slice(0, 2))
      expect(await send(url, true, undefined, ["127.0.0.3"])).toMatchObject({ status: 200 });
    expect(await send(local[0] as string, false)).toMatchObject({ status: 200 });
  });

  it("do not share a connection to this machine that only the configuration may name", async () => {
    const { resolve } = rebinding("127.0.0.2");
    const { sendRequest, close } = openHttpClient({ privateAddresses: async () => [], resolve });
    closing.push(close);
    const url = `http://localhost:${port()}/`;
    const request = { method: "POST", url, headers: {}, body: "{}", timeout_ms: 10_000 };
    expect(await sendRequest(request)).toMatchObject({ status: 200 });
    expect(await sendRequest({ ...request, from_data: true })).toMatchObject({ failure: "malformed" });
  });
});
