import { isDeepStrictEqual } from "node:util";
import Knock from "@knocklabs/node";
import { type RecipientReference, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { JsonObject } from "../../../src/util/json.js";
import { listResponseViolations } from "../../helpers/api-description.js";
import { CATALOGUE_RECIPIENTS, CATALOGUE_SUBSCRIPTION } from "../../helpers/catalogue.js";
import type { EmulatorResponse, EmulatorSetup, TestEmulator } from "../../helpers/test-emulator.js";
import { CaseNames } from "./case-names.js";
import { CATALOGUE_GUIDE } from "./catalogue-project.js";
import { DevOnlyError, limitTo } from "./dev-only.js";
import type { ServeCluster } from "./serve-cluster.js";
import type { StoreReader } from "./store-reader.js";

/** Cases move the clock by less than this only so that times differ. */
const MAX_STEP_MS = 2_000;
/** Together longer than servers need to start again, as the official SDK waits. */
const MAX_RETRIES = 30;
const RETRY_MS = 100;

/** Counts what the clients of all cases did. */
export class Totals {
  requests = 0;
  /** Requests whose connection ended before the response. */
  cut = 0;
  readonly triggers = new Set<string>();
  readonly bulkOperations = new Set<string>();
}

/** The API of a cluster for one case. It has those parts of an emulator that the servers of a shared store have. */
export class ClusterApi {
  /** Whether a connection ended, so that the case may see a request's effect twice. Those of browser clients are not observed. */
  wasCut = false;
  readonly violations: string[] = [];
  private readonly names = new CaseNames();
  private readonly runs: string[] = [];
  private hasBrowser = false;
  private readonly killsBefore: number;

  constructor(
    private readonly cluster: ServeCluster,
    private readonly store: StoreReader,
    private readonly totals: Totals,
    private readonly setup: EmulatorSetup = {},
  ) {
    this.killsBefore = cluster.kills;
    for (const name of Object.keys(setup)) if (name !== "rateLimits") throw new DevOnlyError(`setup.${name}`);
  }

  /** Whether a request of the case, or the socket of its browser client, may have been cut. */
  get mayBeCut(): boolean {
    return this.wasCut || (this.hasBrowser && this.cluster.kills > this.killsBefore);
  }

  /** Creates the recipients that exist in every case of the catalog. */
  async prepare(): Promise<void> {
    const { harness } = this.store;
    const rename = <T>(value: T): T => JSON.parse(this.names.add(JSON.stringify(value))) as T;
    await harness.identify(...rename(CATALOGUE_RECIPIENTS));
    const { object, recipients } = rename(CATALOGUE_SUBSCRIPTION);
    await harness.engine.resources.subscriptions.add(object, { recipients });
  }

  toEmulator(): TestEmulator {
    const { url } = this.cluster.balancer;
    return limitTo<TestEmulator>("", {
      url,
      harness: this.limitHarness(),
      knock: new Knock({ apiKey: "sk_test", baseURL: url, maxRetries: MAX_RETRIES, fetch: this.fetch }),
      request: this.request,
      signIn: (user: string) => {
        this.hasBrowser = true;
        const id = this.names.add(user);
        return { user: id, key: this.cluster.keys.public, token: this.cluster.signUser(id) };
      },
      restart: async (between: () => Promise<void>) => {
        await this.cluster.kill("serve");
        await between();
        await this.cluster.kill("serve");
      },
    });
  }

  private limitHarness(): object {
    const { harness } = this.store;
    const { names, runs } = this;
    const restore = <T>(value: T): T => JSON.parse(names.remove(JSON.stringify(value))) as T;
    const readRuns = async <T>(read: (run: string) => Promise<{ items: T[] }>): Promise<{ items: T[] }> => {
      const pages = await Promise.all(runs.map(read));
      return { items: restore(pages.reverse().flatMap(({ items }) => items)) };
    };
    return limitTo("harness", {
      now: 0,
      async at(offset: number) {
        if (offset > MAX_STEP_MS) throw new DevOnlyError("harness.at");
      },
      trigger: (workflow: string, payload: JsonObject) =>
        this.request(`POST /v1/workflows/${workflow}/trigger`, payload),
      defineGuide(key: string, definition?: JsonObject) {
        if (definition && !isDeepStrictEqual(definition, CATALOGUE_GUIDE))
          throw new DevOnlyError("harness.defineGuide");
        return { key };
      },
      async listMessages(recipient?: RecipientReference) {
        const limit = { limit: 1_000 };
        if (recipient === undefined)
          return (await readRuns((run) => harness.store.listMessages({ workflow_run_id: run }, limit))).items.reverse();
        return restore(await harness.listMessages(JSON.parse(names.add(JSON.stringify(recipient)))));
      },
      engine: limitTo("harness.engine", {
        listRecipientRuns: (_filter: object, page: { limit: number }) =>
          readRuns((run) => harness.engine.listRecipientRuns({ workflow_run_id: run }, page)),
        listMessages: async (filter: object, page: { limit: number }) =>
          restore(await harness.engine.listMessages({ ...filter, recipient: toRecipientKey(names.add("u1")) }, page)),
      }),
    });
  }

  /** Sends a request of the official SDK, which repeats it if its connection ends. */
  private readonly fetch: typeof fetch = async (input, { headers, body, ...init } = {}) => {
    const { method = "GET" } = init;
    const url = this.limitList(method, this.names.add(String(input)));
    const sent = this.convertHeaders(headers);
    this.totals.requests++;
    const { status, text, ...answer } = await fetch(url, {
      ...init,
      headers: sent,
      ...(typeof body === "string" ? { body: this.names.add(body) } : {}),
    })
      .then(async (response) => ({
        status: response.status,
        headers: new Headers(response.headers),
        text: await response.text(),
      }))
      .catch((error: unknown) => {
        this.wasCut = true;
        this.totals.cut++;
        throw error;
      });
    await this.observe(method, url, status, text);
    answer.headers.delete("content-encoding");
    return new Response(text === "" ? null : this.names.remove(text), { status, headers: answer.headers });
  };

  private readonly request = async (
    endpoint: string,
    content?: unknown,
    headers: Record<string, string> = {},
  ): Promise<EmulatorResponse> => {
    const [method = "", path = ""] = endpoint.split(" ");
    const text = content === undefined ? null : typeof content === "string" ? content : JSON.stringify(content);
    const key = { "idempotency-key": crypto.randomUUID() };
    const init = { method, headers: { authorization: "Bearer sk_test", ...key, ...headers }, body: text };
    for (let attempt = 0; ; attempt++) {
      const response = await this.fetch(`${this.cluster.balancer.url}${path}`, init).catch((error: unknown) => {
        if (attempt === MAX_RETRIES) throw error;
      });
      const isRefused = response?.status === 503 || (response?.status === 429 && !this.setup.rateLimits);
      if (response && !(isRefused && attempt < MAX_RETRIES)) return toResponse(response);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };

  /** Limits a list of all messages of the store to those of the case. */
  private limitList(method: string, url: string): string {
    const limited = new URL(url);
    const isList =
      method === "GET" && limited.pathname === "/v1/messages" && !limited.searchParams.has("workflow_run_id");
    if (!isList || this.runs.length !== 1) return url;
    limited.searchParams.set("workflow_run_id", String(this.runs));
    return limited.href;
  }

  private convertHeaders(given: RequestInit["headers"]): Headers {
    const headers = new Headers(given);
    const key = headers.get("idempotency-key");
    if (key !== null) headers.set("idempotency-key", this.names.add(key));
    const authorization = headers.get("authorization") ?? "";
    if (authorization === "") headers.delete("authorization");
    else if (authorization.startsWith("Bearer sk_")) headers.set("authorization", `Bearer ${this.cluster.keys.secret}`);
    else if (authorization.startsWith("Bearer pk_")) {
      headers.set("authorization", `Bearer ${this.cluster.keys.public}`);
      headers.set("x-knock-user-token", this.cluster.signUser(this.names.add("u1")));
    }
    return headers;
  }

  /** Checks a response, and waits until workers have done the work of a trigger, as an emulator does before it responds. */
  private async observe(method: string, url: string, status: number, text: string): Promise<void> {
    const body: unknown = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : null;
    const { pathname } = new URL(url);
    for (const fault of listResponseViolations(method, new URL(url), status, body))
      this.violations.push(`${method} ${pathname} → ${fault}`);
    if (status !== 200 || body === null) return;
    const { workflow_run_id, result_id, __typename, id } = body as Record<string, string | undefined>;
    const run = method === "POST" ? (workflow_run_id ?? result_id) : undefined;
    if (run !== undefined) {
      if (!this.runs.includes(run)) this.runs.push(run);
      this.totals.triggers.add(run);
      await this.store.untilSettled([run]);
    }
    if (method === "POST" && __typename === "BulkOperation") this.totals.bulkOperations.add(String(id));
  }
}

async function toResponse(response: Response): Promise<EmulatorResponse> {
  const text = await response.text();
  const body = text === "" ? null : (JSON.parse(text) as JsonObject);
  return {
    status: response.status,
    headers: response.headers,
    text,
    body,
    rows: (Array.isArray(body) ? body : (body?.items ?? body?.entries ?? [])) as JsonObject[],
  };
}
