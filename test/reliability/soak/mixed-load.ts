import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { isJsonObject, type JsonObject } from "../../../src/util/json.js";
import { FEED, PEOPLE } from "./soak-project.js";

const CLIENTS = 4;
const PAUSE_MS = 10;
const MAX_REQUEST_MS = 60_000;
const RETRY_PAUSE_MS = 100;

/** A trigger that was answered with 200. */
interface AcceptedTrigger {
  workflow: string;
  recipients: string[];
  page: string;
}

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;
const pickSome = (count: number): string[] => [...new Set(Array.from({ length: count }, () => pick(PEOPLE)))];

/** Clients that use the API of `knock dev` in every way that an application does, and remember what was accepted. */
export class MixedLoad {
  readonly accepted: AcceptedTrigger[] = [];
  readonly canceledKeys: string[] = [];
  requests = 0;
  retries = 0;

  /** Each operation with the share of it in the load. */
  private readonly operations: readonly (readonly [share: number, run: () => Promise<unknown>])[] = [
    [6, () => this.trigger("note", pickSome(3))],
    [2, () => this.trigger("letter", pickSome(1))],
    [3, () => this.trigger("later", pickSome(3))],
    [3, () => this.trigger("digest", pickSome(2))],
    [2, () => this.triggerTwice()],
    [1, () => this.trigger("note", pickSome(50))],
    [1, () => this.triggerAndCancel()],
    [2, () => this.identify()],
    [2, () => this.changePreferences()],
    [4, () => this.readFeed()],
    [1, () => this.request("GET", "/v1/messages?page_size=50", 200)],
    [1, () => this.subscribe()],
    [1, () => this.request("POST", "/v1/workflows/absent/trigger", 404, { recipients: ["person-1"] })],
    [1, () => this.request("POST", "/v1/workflows/note/trigger", 422, { recipients: 7 })],
  ];

  constructor(private readonly url: string) {}

  /** Uses the API until the signal is aborted. Requests without an answer, for example during a restart, are repeated. */
  async run(signal: AbortSignal): Promise<void> {
    const deck = this.operations.flatMap(([share, run]) => Array.from({ length: share }, () => run));
    const client = async (): Promise<void> => {
      while (!signal.aborted) {
        await pick(deck)();
        await sleep(PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  private async request(
    method: string,
    path: string,
    expected: number,
    body?: JsonObject,
    headers: Record<string, string> = {},
  ): Promise<JsonObject> {
    for (;;) {
      const response = await this.send(method, path, body, headers);
      if (response === null) continue;
      this.requests++;
      const answer: unknown = JSON.parse(response.text || "{}");
      if (response.status !== expected)
        throw new Error(`${method} ${path} was answered with ${response.status}: ${response.text}`);
      return isJsonObject(answer) ? answer : {};
    }
  }

  /** Sends a request. Returns null, after a pause, if there was no answer. */
  private async send(method: string, path: string, body: JsonObject | undefined, headers: Record<string, string>) {
    try {
      const response = await fetch(this.url + path, {
        method,
        headers: { authorization: "Bearer sk_local", "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(MAX_REQUEST_MS),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      this.retries++;
      await sleep(RETRY_PAUSE_MS);
      return null;
    }
  }

  private async trigger(workflow: string, recipients: string[], more: JsonObject = {}): Promise<string> {
    const page = randomUUID();
    const body = { recipients, data: { page }, ...more };
    await this.request("POST", `/v1/workflows/${workflow}/trigger`, 200, body, { "idempotency-key": page });
    this.accepted.push({ workflow, recipients, page });
    return page;
  }

  /** Triggers a throttled workflow twice with the same page, which lets one of the runs pass. */
  private async triggerTwice(): Promise<void> {
    const recipients = pickSome(1);
    const page = await this.trigger("once", recipients);
    await this.request("POST", "/v1/workflows/once/trigger", 200, { recipients, data: { page } });
  }

  private async triggerAndCancel(): Promise<void> {
    const cancellation_key = randomUUID();
    const page = await this.trigger("never", pickSome(2), { cancellation_key });
    await this.request("POST", "/v1/workflows/never/cancel", 204, { cancellation_key });
    this.canceledKeys.push(page);
  }

  private identify(): Promise<JsonObject> {
    const id = pick(PEOPLE);
    return this.request("PUT", `/v1/users/${id}`, 200, { name: `${id} ${Math.floor(Math.random() * 1_000)}` });
  }

  private changePreferences(): Promise<JsonObject> {
    const id = pick(PEOPLE);
    const preferences = { channel_types: { push: Math.random() < 0.5 } };
    return this.request("PUT", `/v1/users/${id}/preferences/default`, 200, preferences);
  }

  private async readFeed(): Promise<void> {
    const { entries } = await this.request("GET", `/v1/users/${pick(PEOPLE)}/feeds/${FEED}?page_size=20`, 200);
    const [first] = Array.isArray(entries) ? entries : [];
    if (isJsonObject(first)) await this.request("PUT", `/v1/messages/${first.id}/read`, 200);
  }

  /** Opens a socket, joins a feed and leaves without saying so, as a closed page does. */
  private async subscribe(): Promise<void> {
    const socket = new WebSocket(`${this.url.replace("http", "ws")}/ws/v1/websocket?api_key=pk_local&vsn=2.0.0`);
    try {
      await once(socket, "open");
      socket.send(JSON.stringify(["1", "1", `feeds:${FEED}:${pick(PEOPLE)}`, "phx_join", {}]));
      // A killed server closes a socket without an error.
      await Promise.race([once(socket, "message"), once(socket, "close")]);
    } catch {
      this.retries++;
    } finally {
      socket.terminate();
    }
  }
}
