import type { JsonObject } from "../../../src/util/json.js";
import { type Feed, type MessageObject, PAGE_SIZE, type RunObject, type Transport } from "./storm-client.js";

/** The request of each mark. */
const MARK_METHODS: Record<string, string> = { read: "PUT", archived: "PUT", unread: "DELETE", unarchived: "DELETE" };

/** Sends requests to `knock dev`, which has no requests for the clock. */
export function openHttpTransport(url: string): Transport {
  const request = async (on: string, body?: JsonObject, headers: Record<string, string> = {}) => {
    const [method = "", path = ""] = on.split(" ");
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: "Bearer sk_test", "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const content = (text === "" ? {} : JSON.parse(text)) as JsonObject;
    if (response.ok) return content;
    if (response.status === 404 && method === "GET") return { items: [] };
    if (response.status === 422 || response.status === 409) return content;
    throw new Error(`${on} was answered with ${response.status}: ${text}`);
  };
  const list = async <Item>(path: string): Promise<Item[]> => (await request(`GET ${path}`)).items as Item[];
  const refuse = () => Promise.reject(new Error("knock dev has no such request"));
  return {
    async trigger(workflow, payload, key) {
      const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
      const response = await request(`POST /v1/workflows/${workflow}/trigger`, payload, headers);
      if (typeof response.workflow_run_id === "string") return response.workflow_run_id;
      if (JSON.stringify(response).includes("was already used with another payload")) return null;
      throw new Error(`the trigger was answered with ${JSON.stringify(response)}`);
    },
    async cancel(workflow, key) {
      await request(`POST /v1/workflows/${workflow}/cancel`, { cancellation_key: key });
      return null;
    },
    listRuns: (subject, workflow) =>
      list<RunObject>(`/v1/workflow_recipient_runs?workflow=${workflow}&recipient=${subject}&page_size=${PAGE_SIZE}`),
    listMessages: (subject, workflow) =>
      list<MessageObject>(`/v1/users/${subject}/messages?source=${workflow}&page_size=${PAGE_SIZE}`),
    async readFeed(subject) {
      const { entries, meta } = await request(
        `GET /v1/users/${subject}/feeds/feed?archived=include&page_size=${PAGE_SIZE}`,
      );
      return { items: entries, unread_count: (meta as JsonObject).unread_count } as unknown as Feed;
    },
    readMessage: async (id) => (await request(`GET /v1/messages/${id}`)) as unknown as MessageObject,
    markMessage: async (id, mark) =>
      (await request(
        `${MARK_METHODS[mark]} /v1/messages/${id}/${mark.replace(/^un/, "")}`,
      )) as unknown as MessageObject,
    readClock: refuse,
    moveClock: refuse,
    runDue: refuse,
    close: async () => {},
  };
}
