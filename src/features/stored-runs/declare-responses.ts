import type { DataFilter } from "../../comparison/personal-data-filter.js";
import type { RecordedRequest } from "../../comparison/recorded-history.js";
import { isAgentType } from "../../domain/step-types/ai-agent-step.js";
import type { AgentRequest, StepRequest } from "../../ports/http-client.js";
import { filterObjects, isJsonObject, type JsonObject, stableStringify } from "../../util/json.js";
import { REDACTED } from "../../util/redact-secrets.js";
import { SECRET_STAND_IN } from "./hide-secret-variables.js";

/** The responses to the requests of steps, as a scenario gives them. */
export interface DeclaredResponses {
  given: { fetch?: JsonObject; agent?: JsonObject };
  /** A sentence for each response that cannot be repeated. */
  notes: string[];
}

const FIRST_ERROR_STATUS = 300;

/** Filters the parts of a URL, and encodes those again that were encoded. */
function filterUrl(url: string, { filterText }: DataFilter): string {
  return url.replaceAll(REDACTED, SECRET_STAND_IN).replace(/[^/?&=#]+/g, (part) => {
    const decoded = decodePart(part);
    const filtered = filterText(decoded);
    if (filtered === decoded) return part;
    return part === decoded
      ? filtered
      : encodeURIComponent(filtered).replaceAll("%20", part.includes("+") ? "+" : "%20");
  });
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return part;
  }
}

/** Returns the response to a request whose URL the store kept, or null for other requests. */
function declareFetch({ request, response, status }: RecordedRequest, filter: DataFilter): JsonObject | null {
  if (request === undefined) return null;
  const line = {
    ...(request.method === "get" ? {} : { method: request.method }),
    url: filterUrl(request.url, filter),
  };
  if ("error" in response && (status === undefined || status < FIRST_ERROR_STATUS))
    return { ...line, error: filter.filterText(response.error) };
  const body: JsonObject =
    "body" in response && response.body !== undefined ? { body: filter.filterJson(response.body) } : {};
  return { ...line, ...(status === undefined || status === 200 ? {} : { status }), ...body };
}

function declareReply({ origin, response }: RecordedRequest, filter: DataFilter): JsonObject {
  const step = { workflow: origin.workflow, step: origin.step };
  if ("error" in response) return { ...step, error: filter.filterText(response.error) };
  const { body = null } = response;
  return isJsonObject(body) && Object.keys(body).length === 1 && typeof body.text === "string"
    ? { ...step, text: filter.filterText(body.text) }
    : { ...step, json: filter.filterJson(body) };
}

/** Adds a response unless another one answers the same request. Returns whether they differ. */
function addDistinct(answers: Map<string, JsonObject>, key: string, answer: JsonObject): boolean {
  const known = answers.get(key);
  if (known === undefined) answers.set(key, answer);
  return known !== undefined && stableStringify(known) !== stableStringify(answer);
}

/** Returns the responses of recorded requests as a scenario gives them. */
export function declareResponses(requests: readonly RecordedRequest[], filter: DataFilter): DeclaredResponses {
  const fetched = new Map<string, JsonObject>();
  const replies = new Map<string, JsonObject>();
  const notes: string[] = [];
  for (const request of requests) {
    const { step, workflow } = request.origin;
    if (isAgentType(request.type)) {
      const reply = declareReply(request, filter);
      if (addDistinct(replies, JSON.stringify([workflow, step]), reply))
        notes.push(`${step} got different replies, of which the first is kept`);
      continue;
    }
    const answer = declareFetch(request, filter);
    if (answer !== null && addDistinct(fetched, `${answer.method ?? "get"} ${String(answer.url)}`, answer))
      notes.push(`${step} got different responses from the same URL, of which the first is kept`);
  }
  return {
    given: {
      ...(fetched.size === 0 ? {} : { fetch: { answers: [...fetched.values()] } }),
      ...(replies.size === 0 ? {} : { agent: { answers: [...replies.values()] } }),
    },
    notes,
  };
}

/** Adds an empty response to a request for which nothing was stored. */
export function declareEmptyResponse(
  { given, notes }: { given: JsonObject; notes: string[] },
  request: StepRequest | AgentRequest,
): void {
  const add = (name: string, answer: JsonObject, subject: string): void => {
    const known = isJsonObject(given[name]) ? filterObjects(given[name].answers) : [];
    given[name] = { answers: [...known, answer] };
    notes.push(`no response was stored for ${subject}, so it is empty`);
  };
  if ("prompt" in request) {
    const { workflow, step, response_type } = request;
    const reply: JsonObject = response_type === "json" ? { json: {} } : { text: "" };
    return add("agent", { workflow, step, ...reply }, step);
  }
  const method = request.method.toLowerCase();
  const line: JsonObject = { ...(method === "get" ? {} : { method }), url: request.url };
  add("fetch", { ...line, body: {} }, `${method.toUpperCase()} ${request.url}`);
}
