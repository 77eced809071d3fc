import { KnockError } from "../errors/knock-error.js";
import { isObject, type JsonObject } from "../util/json.js";
import type { DevClock, DevMessage, DevMessageFilter, KnockScene } from "./emulator-types.js";
import type { DeliveryFailure, RecipientsContent } from "./engine-types.js";
import { serializeTime } from "./serialize-time.js";

/** A key that `knock dev` accepts unless `environment.json` lists keys. */
const DEFAULT_API_KEY = "sk_local";

/** Sends requests to the routes for tests of a scene. */
export class SceneClient implements KnockScene {
  constructor(
    readonly url: string,
    private readonly apiKey: string | undefined,
    private readonly end: () => Promise<unknown>,
  ) {}

  get env(): KnockScene["env"] {
    return { KNOCK_BASE_URL: this.url, KNOCK_API_KEY: this.apiKey ?? DEFAULT_API_KEY };
  }

  async request<Response = JsonObject>(route: string, body?: unknown): Promise<Response> {
    const [method = "", path = ""] = route.split(" ");
    const response = await fetch(`${this.url}/__knock/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw new KnockError("usage", `${method} /__knock/${path}: ${response.status} ${readMessage(text)}`);
  }

  async reset(options: { keep?: "recipients"[] } = {}): Promise<void> {
    await this.request("POST reset", options);
  }

  async snapshot(name: string, options: { force?: boolean } = {}): Promise<void> {
    await this.request("POST snapshots", { ...options, name });
  }

  async restore(name: string): Promise<void> {
    await this.request(`POST snapshots/${encodeURIComponent(name)}/restore`);
  }

  async seed(recipients: RecipientsContent): Promise<void> {
    await this.request("POST seed", recipients);
  }

  async messages(filter: DevMessageFilter = {}): Promise<DevMessage[]> {
    const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== undefined));
    return (await this.request<{ items: DevMessage[] }>(`GET messages?${query}`)).items;
  }

  async clock(): Promise<DevClock> {
    return this.request<DevClock>("GET clock");
  }

  async advance(duration: string): Promise<DevClock> {
    return this.request<DevClock>("POST clock", { advance: duration });
  }

  async freeze(time?: string | Date): Promise<DevClock> {
    const at = time === undefined ? true : serializeTime(time);
    return this.request<DevClock>("POST clock", { freeze: at });
  }

  async waitUntilIdle(timeout?: string): Promise<void> {
    await this.request("POST idle", timeout === undefined ? {} : { timeout });
  }

  async failDeliveries(failure: DeliveryFailure): Promise<void> {
    await this.request("POST faults", failure);
  }

  async clearFailures(): Promise<void> {
    await this.request("DELETE faults");
  }

  async sendSourceEvent(source: string, body: unknown): Promise<JsonObject> {
    return this.request(`POST sources/${encodeURIComponent(source)}`, body);
  }

  async webhooks(): Promise<JsonObject[]> {
    return (await this.request<{ items: JsonObject[] }>("GET webhooks")).items;
  }

  async close(): Promise<void> {
    await this.end();
  }
}

/** Returns the message of an error response. */
function readMessage(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    return String((isObject(body) ? body.message : undefined) ?? text);
  } catch {
    return text;
  }
}

/** Opens a scene on a server. */
export async function openScene(url: string, apiKey: string | undefined): Promise<SceneClient> {
  const server = new SceneClient(url, apiKey, async () => {});
  const { id, base_url } = await server.request("POST scenes", {});
  return new SceneClient(String(base_url), apiKey, () => server.request(`DELETE scenes/${String(id)}`));
}
