import type { Redact } from "./redact.js";

/** A whole HTTP answer. Header names are lower case. */
export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** The hint for an answer that does not look like the API's. */
export const WRONG_PLACE =
  "Check the base URL (--base-url, KNOCK_BASE_URL); a proxy on the way may also have answered.";

/** */
export function requestIdOf(answer: Pick<ApiAnswer, "headers">, redact: Redact): string | undefined {
  const id = answer.headers["x-request-id"];
  return id === undefined ? undefined : redact(id);
}
