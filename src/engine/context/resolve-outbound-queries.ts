import { isAllowedBy } from "../../domain/environment/allow-list.js";
import type {
  DeclaredAgentResponse,
  DeclaredFetchResponse,
  Environment,
} from "../../domain/environment/environment.js";
import type { RecordedResponse } from "../../domain/run/recorded-response.js";
import type { AgentRequest, OutboundResponse, StepRequest } from "../../ports/http-client.js";
import { isJsonObject, type Json } from "../../util/json.js";
import type { EngineContext } from "./engine-context.js";
import type { PendingQuery } from "./pending-query.js";

type FetchQuery = Omit<PendingQuery & { kind: "fetch" }, "kind" | "ref">;
type AgentQuery = Omit<PendingQuery & { kind: "agent" }, "kind" | "ref">;

/** Limits the requests of steps that are sent at the same time. */
const MAX_CONCURRENT_REQUESTS = 32;
/** The maximum number of attempts to reach a model (E-350). */
const MAX_AGENT_ATTEMPTS = 4;
const AGENT_TIMEOUT_MS = 60_000;

/** The model's response to an agent step, or an error. */
export type AgentResponse = { text: string } | { json: Json } | { error: string };

/** Returns the response that is declared for the exact URL of a request, or for its URL without the query. */
function findFetchResponse(
  answers: readonly DeclaredFetchResponse[],
  { method, url }: StepRequest,
): DeclaredFetchResponse | undefined {
  const candidates = answers.filter((answer) => answer.method === method);
  if (candidates.length === 0 || !URL.canParse(url)) return undefined;
  const find = (requested: string) => candidates.find((answer) => new URL(answer.url).href === requested);
  const withoutQuery = new URL(url);
  withoutQuery.search = "";
  return find(new URL(url).href) ?? find(withoutQuery.href);
}

/**
 * Resolves a fetch. Declared responses take precedence, so that nothing is sent unless the project allows it.
 */
export async function resolveFetch(
  context: EngineContext<unknown>,
  environment: Environment,
  { request, origin }: FetchQuery,
): Promise<OutboundResponse> {
  const { answers, allow } = environment.fetch;
  const { url: requestedUrl, method } = request;
  const declared = findFetchResponse(answers, request);
  if (declared) {
    if (declared.error !== null)
      return { failure: declared.error === "timeout" ? "timeout" : "connection", message: declared.error };
    if (declared.delay_ms > request.timeout_ms)
      return { failure: "timeout", message: `no response within ${request.timeout_ms / 1_000} s` };
    const { body } = declared;
    return {
      status: declared.status,
      text: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body),
    };
  }
  const recorded = context.findRecordedResponse?.(origin);
  if (recorded !== undefined)
    return "error" in recorded
      ? { failure: "connection", message: recorded.error }
      : { status: 200, text: recorded.body === undefined ? "" : JSON.stringify(recorded.body) };
  const requestLine = `${method.toUpperCase()} ${requestedUrl}`;
  const url = URL.canParse(requestedUrl) ? new URL(requestedUrl) : null;
  if (url !== null && (url.username !== "" || url.password !== ""))
    return { failure: "connection", message: `URLs with a user name or password are not requested: ${url.origin}` };
  if (url !== null && allow.some((entry) => isAllowedBy(entry, url)))
    return context.httpClient.fetch({ ...request, url: url.href, private_addresses: environment.private_addresses });
  context.onUndeclaredRequest?.(request, environment.secrets);
  return {
    failure: "connection",
    message: `no response is declared for ${requestLine} in environment.json ("fetch"), and the allow list does not permit it`,
  };
}

function findDeclaredResponse(
  answers: readonly DeclaredAgentResponse[],
  { workflow, step }: AgentRequest,
): AgentResponse | null {
  const declaredResponse = answers.find(
    (candidate) => (candidate.workflow ?? workflow) === workflow && (candidate.step ?? step) === step,
  );
  if (declaredResponse === undefined) return null;
  if ("text" in declaredResponse) return { text: declaredResponse.text };
  return "json" in declaredResponse ? { json: declaredResponse.json } : { error: declaredResponse.error };
}

/**
 * Parses a response of the project's own endpoint: `{ "text" }`, `{ "json" }` or `{ "error" }`. Returns null for
 * anything else.
 */
function parseAgentResponse(response: OutboundResponse): AgentResponse | null {
  if ("failure" in response || response.status !== 200) return null;
  try {
    const body: unknown = JSON.parse(response.text);
    if (!isJsonObject(body)) return null;
    if (typeof body.text === "string") return { text: body.text };
    if (body.json !== undefined) return { json: body.json };
    return typeof body.error === "string" ? { error: body.error } : null;
  } catch {
    return null;
  }
}

/** Returns a response of the past, whose body is the value that the step added to the data (E-349). */
function toAgentResponse(recorded: RecordedResponse, { response_type }: AgentRequest): AgentResponse {
  if ("error" in recorded) return recorded;
  const { body = null } = recorded;
  return response_type === "text" && isJsonObject(body) && typeof body.text === "string"
    ? { text: body.text }
    : { json: body };
}

/**
 * Resolves an agent request with a declared response or the project's endpoint, or returns an error; text is never
 * invented (EQ-58). A request without a clear response is repeated (E-350), unless `singleAttempt` is set.
 */
export async function resolveAgent(
  context: EngineContext<unknown>,
  environment: Environment,
  { request, origin, singleAttempt }: AgentQuery,
): Promise<AgentResponse> {
  const declared = findDeclaredResponse(environment.agent.answers, request);
  if (declared) return declared;
  const recorded = context.findRecordedResponse?.(origin);
  if (recorded !== undefined) return toAgentResponse(recorded, request);
  const { url } = environment.agent;
  if (url === null) {
    context.onUndeclaredRequest?.(request, environment.secrets);
    return {
      error: `no response is declared for step ${request.step} in environment.json ("agent"), and no url is set`,
    };
  }
  const body = JSON.stringify(request);
  for (let attempt = 1; ; attempt++) {
    const response = await context.httpClient.fetch({
      method: "post",
      url,
      headers: { "content-type": "application/json" },
      body,
      timeout_ms: AGENT_TIMEOUT_MS,
      private_addresses: environment.private_addresses,
    });
    const agentResponse = parseAgentResponse(response);
    if (agentResponse) return agentResponse;
    if (singleAttempt || attempt === MAX_AGENT_ATTEMPTS)
      return {
        error:
          "failure" in response ? response.message : `the model's endpoint returned ${response.status} without a text`,
      };
  }
}

/**
 * Runs `work` for each item, up to `MAX_CONCURRENT_REQUESTS` at the same time. Returns the results in the order of the
 * items.
 */
export async function mapInParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_CONCURRENT_REQUESTS, items.length) }, worker));
  return results;
}
