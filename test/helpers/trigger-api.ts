import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "../../src/util/json.js";

/** A trigger that the API received. */
export interface ReceivedTrigger {
  workflow: string;
  key: string;
  body: JsonObject;
}

export interface TriggerApi {
  readonly url: string;
  /** Every request in order, also those that got no regular response. */
  readonly received: ReceivedTrigger[];
  /** The accepted triggers by idempotency key, as the service would run them. */
  readonly accepted: Map<string, ReceivedTrigger>;
  /** Handles a request before it is accepted. Returns true if it has responded. */
  intercept: (trigger: ReceivedTrigger, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

/** Returns the UUID of the nth workflow run. */
const toRunId = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

/** Starts a server that accepts triggers as the service does: a known idempotency key gets the first response again. */
export async function startTriggerApi(): Promise<TriggerApi> {
  const runIds = new Map<string, string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const key = String(request.headers["idempotency-key"]);
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}") as JsonObject;
      const trigger = { workflow: String(request.url).split("/")[3] as string, key, body };
      api.received.push(trigger);
      if (api.intercept(trigger, response)) return;
      const replayed = runIds.has(key);
      const id = runIds.get(key) ?? toRunId(runIds.size + 1);
      runIds.set(key, id);
      api.accepted.set(key, trigger);
      response.setHeader("content-type", "application/json");
      if (replayed) response.setHeader("idempotent-replayed", "true");
      response.end(JSON.stringify({ workflow_run_id: id }));
    });
    request.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const api: TriggerApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    accepted: new Map(),
    intercept: () => false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}

/** Responds with an error of the API. */
export function respondWithError(response: ServerResponse, status: number, headers: Record<string, string> = {}): true {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ code: "stub", message: `status ${status}`, status, type: "api_error" }));
  return true;
}
