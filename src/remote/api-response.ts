import type { Redact } from "./create-redact.js";

/** A whole HTTP answer. Header names are lower case. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** The hint for an answer that does not look like the API's. */
export const NOT_KNOCK_API_HINT =
  "Check the base URL (--base-url, KNOCK_BASE_URL); a proxy on the way may also have answered.";

/** */
export function getRequestId(answer: Pick<ApiResponse, "headers">, redact: Redact): string | undefined {
  const id = answer.headers["x-request-id"];
  return id === undefined ? undefined : redact(id);
}
