import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";

/** An error response, with the error message of each field as the API names it. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly fields: ReadonlyMap<string, string>,
  ) {
    super(message);
  }
}

/**
 * Sends a request to a route under `/__knock/`. Throws {@link RequestError} for an error response, and `TypeError` if
 * there is no response.
 */
export async function sendRequest<T>(endpoint: string, body?: JsonObject, signal?: AbortSignal): Promise<T> {
  const [method = "GET", path = ""] = endpoint.split(" ");
  const response = await fetch(`/__knock/${path}`, {
    method,
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const errorBody = isJsonObject(answer) ? answer : {};
  const fields = filterObjects(errorBody.errors).map(({ field, message }) => [String(field), String(message)] as const);
  throw new RequestError(
    String(errorBody.message ?? `The emulator answered ${response.status}`),
    response.status,
    new Map(fields),
  );
}

/** Returns the text that a route under `/__knock/` responds with. Throws the errors of {@link sendRequest}. */
export async function readText(path: string): Promise<string> {
  const response = await fetch(`/__knock/${path}`);
  if (response.ok) return response.text();
  const answer: unknown = await response.json().catch(() => null);
  const message = isJsonObject(answer) ? String(answer.message) : `The emulator answered ${response.status}`;
  throw new RequestError(message, response.status, new Map());
}

export const NO_RESPONSE = "The emulator does not answer. Is knock dev still running?";

export function formatError(error: unknown): string {
  if (error instanceof RequestError) return error.message;
  return NO_RESPONSE;
}
