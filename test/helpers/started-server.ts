import { generateKeyPairSync, sign } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "./eventually.js";
import { createInProcessSample } from "./run-in-process.js";
import type { Sample } from "./run-knock.js";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const SIGNING_KEY = String(privateKey.export({ type: "pkcs8", format: "pem" }));

/** The secret of sources. */
export const HOOK_SECRET = "hook-secret";

/** Returns a user token. `shift_s` moves the clock that issues it. */
export function signUser(sub: string, shift_s = 0): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub, exp: Math.floor(Date.now() / 1_000) + 600 + shift_s };
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
}

export const withKey = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

/** A `knock serve` in a process of its own, and its project. */
export interface StartedServer {
  sample: Sample;
  url: string;
  /** The URL of probes and metrics. */
  operatorUrl: string;
  /** The lines of its log. */
  lines: JsonObject[];
  /** Returns its standard error. */
  readErrors(): string;
  keys: { secret: string; public: string };
  createKey(...args: string[]): Promise<string>;
  call(
    path: string,
    headers?: Record<string, string>,
    init?: RequestInit,
  ): Promise<{ status: number; text: string; id: string | null }>;
  /** Opens a connection and sends text. The received text is collected. */
  send(...texts: (string | Buffer)[]): { socket: Socket; received(): string };
  stop(): Promise<void>;
}

/** Starts a server with a feed, on a store of its own or on the database at `store`. */
export async function startServer({ store }: { store?: string } = {}): Promise<StartedServer> {
  const sample = createInProcessSample(null);
  await sample.knock(["init"]);
  sample.write("knock/environment.json", {
    name: "staging",
    channels: { "in-app-feed": { type: "in_app_feed" }, "in-app-guide": { type: "in_app_guide" } },
    signing_key: "$SIGNING_KEY",
    keys: ["sk_of_the_file"],
  });
  const storeOptions = store === undefined ? [] : ["--store", store];
  const createKey = async (...args: string[]): Promise<string> =>
    (await sample.knock(["keys", "create", "--quiet", ...storeOptions, ...args])).stdout.trim();
  const keys = { secret: await createKey("--name", "orders"), public: await createKey("--public") };
  const options = ["--port", "0", "--metrics-port", "0", "--ready-file", "ready.json", ...storeOptions];
  const server = sample.start(["serve", ...options], { env: { SIGNING_KEY, HOOK_SECRET } });
  const lines: JsonObject[] = [];
  let rest = "";
  server.stdout?.on("data", (chunk: Buffer) => {
    const texts = `${rest}${chunk}`.split("\n");
    rest = texts.pop() ?? "";
    for (const line of texts) lines.push(JSON.parse(line) as JsonObject);
  });
  let errors = "";
  server.stderr?.on("data", (chunk: Buffer) => {
    errors += String(chunk);
  });
  const started = await eventually(() => {
    if (server.exitCode !== null) throw new Error(`knock serve ended with ${server.exitCode}`);
    return lines.find(({ event }) => event === "started");
  });
  const url = String(started.url);
  return {
    sample,
    url,
    lines,
    keys,
    createKey,
    operatorUrl: `http://127.0.0.1:${started.metrics_port}`,
    readErrors: () => errors,
    async call(path, headers = {}, init = {}) {
      const response = await fetch(`${url}${path}`, { ...init, headers });
      return { status: response.status, text: await response.text(), id: response.headers.get("x-request-id") };
    },
    send(...texts) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      let received = "";
      socket.on("data", (chunk: Buffer) => {
        received += String(chunk);
      });
      socket.on("error", () => {}); // the server may close the connection first
      for (const text of texts) socket.write(text);
      return { socket, received: () => received };
    },
    async stop() {
      server.kill("SIGTERM");
      await server;
      sample.remove();
    },
  };
}
