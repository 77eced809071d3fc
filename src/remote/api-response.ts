import type { Redact } from "./create-redact.js";

/** A complete HTTP response. Header names are in lower case. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** Whether the API may have processed the same request before, because an earlier attempt got no response. */
  isRepeated?: boolean;
}

/** The hint for a response that does not look like the API's. */
export const NOT_KNOCK_API_HINT =
  "Check the base URL (--base-url, KNOCK_BASE_URL). A proxy may have responded instead of the API.";

/** Returns the id that the API gave the request; undefined without one. */
export function getRequestId(response: Pick<ApiResponse, "headers">, redact: Redact): string | undefined {
  const id = response.headers["x-request-id"];
  return id === undefined ? undefined : redact(id);
}
