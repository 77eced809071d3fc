import Knock from "@knocklabs/node";
import type { RequestLogEntry } from "../../src/features/dev/emulator/emulator-options.js";
import { startEmulator } from "../../src/features/dev/emulator/start-emulator.js";
import type { WebhookOptions } from "../../src/features/dev/emulator/webhooks/webhooks.js";
import { Faults } from "../../src/providers/faults.js";
import type { JsonObject } from "../../src/util/json.js";
import { listResponseViolations } from "./api-description.js";
import { CATALOGUE_RECIPIENTS, CATALOGUE_SUBSCRIPTION, CATALOGUE_WORKFLOWS } from "./catalogue.js";
import { EngineHarness } from "./engine-harness.js";
import { FakeAccount } from "./fake-account.js";
import { KeepAliveClient } from "./keep-alive-client.js";

export interface EmulatorSetup {
  webhooks?: WebhookOptions;
  rateLimits?: boolean;
  variables?: Record<string, string>;
  host?: string;
  allowedHosts?: readonly string[];
  onResponse?: (request: RequestLogEntry) => void;
  slow?: { headers_ms: number; request_ms: number; socket_ms?: number };
  readPage?: () => Promise<string | null>;
}

export interface EmulatorResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; null if it is empty. A bare list is also in `rows`. */
  body: JsonObject | null;
  /** A bare list, or a page's `items` or `entries`. */
  rows: JsonObject[];
}

export interface TestEmulator {
  harness: EngineHarness;
  account: FakeAccount;
  /** The project's sources and broadcasts. */
  documents: Record<"sources" | "broadcasts", Map<string, JsonObject>>;
  url: string;
  /** The official SDK with the key sk_test and without retries. */
  knock: Knock;
  /** Sends a request such as `POST /v1/…` with a body. The key is sk_test unless a header overrides it. */
  request(endpoint: string, content?: unknown, headers?: Record<string, string>): Promise<EmulatorResponse>;
  /** Returns the ID of a user of the case, with what a browser client needs to sign in as this user. */
  signIn(user: string): { user: string; key?: string; token?: string };
  /** Stops the emulator, awaits `between`, and starts it again on the same port with the same store. */
  restart(between?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Starts the emulator with an engine whose time the test controls. */
export async function openTestEmulator(harness: EngineHarness, setup: EmulatorSetup = {}): Promise<TestEmulator> {
  const errors: unknown[] = [];
  const violations: string[] = [];
  const client = new KeepAliveClient();
  const account = new FakeAccount();
  const documents = { sources: new Map<string, JsonObject>(), broadcasts: new Map<string, JsonObject>() };
  const isJson = (headers: Headers): boolean => headers.get("content-type")?.startsWith("application/json") ?? false;
  const checkResponse = (method: string, url: string, status: number, body: unknown): void => {
    const requestUrl = new URL(url);
    for (const fault of listResponseViolations(method, requestUrl, status, body))
      violations.push(`${method} ${requestUrl.pathname} → ${fault}`);
  };
  const checkedFetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const body: unknown = isJson(response.headers) ? await response.clone().json() : null;
    const url = String(input instanceof Request ? input.url : input);
    checkResponse(init?.method ?? "GET", url, response.status, body);
    return response;
  };
  const open = (port: number) =>
    startEmulator({
      operations: harness.engine,
      store: harness.store,
      definitions: harness.definitions,
      faults: new Faults(),
      webhooks: setup.webhooks ?? null,
      links: null,
      sources: null,
      account,
      documents: {
        readEnvironment: async () => harness.environment,
        readAll: async (kind) => documents[kind],
        readBroadcastStates: () => harness.logs.broadcasts.readStates(),
      },
      environment: async () => harness.environment,
      readPage: setup.readPage ?? (async () => null),
      readVariable: (name) => setup.variables?.[name],
      takeSnapshot: () => harness.store.takeSnapshot(),
      reset: ({ recipients }) => harness.engine.clear({ keepRecipients: recipients }),
      host: setup.host ?? "127.0.0.1",
      allowedHosts: setup.allowedHosts ?? [],
      port,
      rateLimits: setup.rateLimits ?? false,
      ...(setup.slow ? { requestTimeouts: setup.slow } : {}),
      ...(setup.onResponse ? { onResponse: setup.onResponse } : {}),
      onBlocked: () => {},
      onError: (error) => errors.push(error),
    });
  let emulator = await open(0);
  const { url, port } = emulator;
  return {
    harness,
    account,
    documents,
    url,
    knock: new Knock({ apiKey: "sk_test", baseURL: url, maxRetries: 0, fetch: checkedFetch }),
    async request(endpoint, content, headers = {}) {
      const [method = "", path = ""] = endpoint.split(" ");
      const text = content === undefined ? null : typeof content === "string" ? content : JSON.stringify(content);
      const fullUrl = `${url}${path}`;
      const allHeaders = { authorization: "Bearer sk_test", ...headers };
      const response = await client.send(method, fullUrl, allHeaders, text);
      const body = response.text === "" ? null : (JSON.parse(response.text) as JsonObject);
      checkResponse(method, fullUrl, response.status, isJson(response.headers) ? body : null);
      return {
        ...response,
        body,
        rows: (Array.isArray(body) ? body : (body?.items ?? body?.entries ?? [])) as JsonObject[],
      };
    },
    signIn: (user) => ({ user }),
    async restart(between = async () => {}) {
      await emulator.close();
      client.close();
      await between();
      emulator = await open(port);
    },
    async close() {
      await emulator.close();
      client.close();
      await harness.close();
      if (errors.length > 0) throw new AggregateError(errors, "the emulator met faults");
      if (violations.length > 0) throw new Error(`answers that break the API description:\n${violations.join("\n")}`);
    },
  };
}

/** Opens an emulator with the environment of the API's case catalog (docs/internals/catalog/api-cases.md). */
export async function openCatalogueEmulator(setup: EmulatorSetup = {}): Promise<TestEmulator> {
  const harness = await EngineHarness.open();
  for (const [key, workflow] of Object.entries(CATALOGUE_WORKFLOWS)) harness.define(key, workflow);
  await harness.identify(...CATALOGUE_RECIPIENTS);
  const emulator = await openTestEmulator(harness, setup);
  const { object, recipients } = CATALOGUE_SUBSCRIPTION;
  await harness.engine.resources.subscriptions.add(object, { recipients });
  return emulator;
}

/** Runs `body` with the case catalog's environment, and closes it. */
export async function withApi(body: (api: TestEmulator) => Promise<void>, setup: EmulatorSetup = {}): Promise<void> {
  const api = await openCatalogueEmulator(setup);
  try {
    await body(api);
  } finally {
    await api.close();
  }
}
