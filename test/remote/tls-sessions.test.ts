import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTlsSessionFile } from "../../src/context/tls-session-file.js";
import { createApiClient } from "../../src/remote/api-client.js";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../helpers/loopback-certificate.js";
import { buildClientOptions, catchRejection } from "./open-options.js";

const HOUR_MS = 3_600_000;
let folder: string;
let server: Server;
let port = 0;
/** For each request, whether its connection continued an earlier session. */
let resumed: boolean[] = [];
let connections = 0;

async function startServer(): Promise<void> {
  resumed = [];
  connections = 0;
  server = createServer({ cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY }, (request, response) => {
    resumed.push((request.socket as TLSSocket).isSessionReused());
    request.resume().on("end", () => response.end('{"id":"1"}'));
  });
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
}

async function stopServer(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Starts a server at the same address that does not know the sessions of the earlier one. */
async function replaceServer(): Promise<void> {
  await stopServer();
  await startServer();
}

const openFile = (ca: string | null = LOOPBACK_CERTIFICATE, env: Record<string, string> = {}) =>
  openTlsSessionFile({ cachePrefix: join(folder, "made", "build"), env }, `https://127.0.0.1:${port}`, ca);

/** Sends requests as a process of its own would. */
async function send(count = 1, { ca = LOOPBACK_CERTIFICATE as string | null, tlsSessions = openFile(ca) } = {}) {
  const client = createApiClient(
    buildClientOptions({ url: `https://127.0.0.1:${port}`, apiKey: "sk_test_1" }, { ca, tlsSessions, retries: 0 }),
  );
  try {
    for (let i = 0; i < count; i++) await client.call("POST", "/v1/x", { body: { page: "Home" } });
  } finally {
    await client.close();
  }
}

const listFiles = (): string[] => readdirSync(join(folder, "made")).map((name) => join(folder, "made", name));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "knock-tls-"));
  port = 0;
  await startServer();
});
afterEach(async () => {
  await stopServer();
  rmSync(folder, { recursive: true, force: true });
});

describe("the TLS session of an earlier process", () => {
  it("is resumed, as often as there are processes", async () => {
    for (let i = 0; i < 3; i++) await send();
    expect(resumed).toEqual([false, true, true]);
    expect(connections).toBe(3);
  });

  it("serves all requests of the process with one connection", async () => {
    await send();
    await send(3);
    expect(resumed).toEqual([false, true, true, true]);
    expect(connections).toBe(2);
  });

  it("is kept in a file that only the user can read", async () => {
    await send();
    const [file, ...others] = listFiles();
    expect(others).toEqual([]);
    if (process.platform !== "win32") expect(statSync(String(file)).mode & 0o777).toBe(0o600);
  });

  it.skipIf(process.platform === "win32")("is not used from a file that another user can write", async () => {
    await send();
    const [file] = listFiles();
    chmodSync(String(file), 0o666);
    await send();
    await send();
    expect(resumed).toEqual([false, false, true]);
  });

  it("is replaced if the server does not know it, and each request arrives once", async () => {
    await send();
    await replaceServer();
    await send(2);
    expect(resumed).toEqual([false, false]);
    expect(connections).toBe(2); // The first one was closed, because only the session could be trusted.
    await send();
    await send();
    expect(resumed).toEqual([false, false, true, true]);
  });

  it.each([
    ["is damaged", (file: string) => writeFileSync(file, "no session")],
    ["is empty", (file: string) => writeFileSync(file, "")],
    ["is a part of one", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 100))],
    [
      "is older than a day",
      (file: string) => {
        const dayAgo = new Date(Date.now() - 25 * HOUR_MS);
        utimesSync(file, dayAgo, dayAgo);
      },
    ],
  ])("is not used if its file %s", async (_name, change) => {
    await send();
    change(String(listFiles()[0]));
    await send();
    expect(resumed).toEqual([false, false]);
  });

  it.skipIf(process.platform === "win32")("is not read from a pipe, which would never end", async () => {
    await send();
    const file = String(listFiles()[0]);
    rmSync(file);
    execFileSync("mkfifo", [file]);
    await send();
    expect(resumed).toEqual([false, false]);
  });

  it("leaves no other file if its file cannot be replaced", async () => {
    await send();
    const file = String(listFiles()[0]);
    rmSync(file);
    mkdirSync(file);
    await send();
    expect(listFiles()).toEqual([file]);
  });

  it("is used for less than a day after the server was verified", async () => {
    await send();
    const file = String(listFiles()[0]);
    const earlier = new Date(Date.now() - 23 * HOUR_MS);
    utimesSync(file, earlier, earlier);
    await send();
    expect(resumed).toEqual([false, true]);
  });

  it("belongs to the trusted authorities", async () => {
    await send();
    expect(await catchRejection(send(1, { ca: null }))).toMatchObject({
      message: expect.stringContaining("its TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"),
    });
    for (const name of ["NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "SSL_CERT_FILE"])
      await send(1, { tlsSessions: openFile(LOOPBACK_CERTIFICATE, { [name]: "other" }) });
    expect(resumed).toEqual([false, false, false, false]);
  });

  it("does not make a server trusted that cannot resume it, which receives no request", async () => {
    await send();
    const session = openFile();
    await replaceServer();
    const error = await catchRejection(send(1, { ca: null, tlsSessions: session }));
    expect(error).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("its TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"),
      attempts: 1,
    });
    expect(connections).toBe(2);
    expect(resumed).toEqual([]);
    expect(listFiles()).toEqual([]);
  });

  it("is not saved if the certificate was not verified", async () => {
    const { NODE_TLS_REJECT_UNAUTHORIZED: before } = process.env;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      await send(1, { ca: null });
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
    expect(resumed).toEqual([false]);
    await catchRejection(send(1, { ca: null }));
    expect(resumed).toEqual([false]);
  });

  it("is not kept without a cache folder", () => {
    expect(openTlsSessionFile({ cachePrefix: null, env: {} }, "https://127.0.0.1", null)).toBeUndefined();
  });

  it("is not kept if the folder cannot be written, which only costs time", async () => {
    writeFileSync(join(folder, "made"), "");
    for (let i = 0; i < 2; i++) await send();
    expect(resumed).toEqual([false, false]);
  });
});
