import { KnockError } from "../errors/knock-error.js";
import type { ProcessIO } from "./process-io.js";

function isLoopbackUrl(baseUrl: string): boolean {
  try {
    const { hostname } = new URL(baseUrl);
    return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  } catch {
    return false;
  }
}

/** A key that reaches real people: not a test key, and not for a server on this machine. */
export function isLiveKey(apiKey: string, baseUrl: string): boolean {
  return !/^(sk|pk)_test(_|$)/.test(apiKey) && !isLoopbackUrl(baseUrl);
}

/** Nothing goes out with a live key unasked; without a terminal to ask on it is an error (contract, section 2). */
export async function confirmLiveKey(baseUrl: string, { stdinIsTerminal, confirm }: ProcessIO): Promise<void> {
  if (stdinIsTerminal && (await confirm(`This uses a live key at ${new URL(baseUrl).host}. Go on?`))) return;
  throw new KnockError("confirmation_needed", "the API key is a live one: this would notify real people", {
    hint: "Add --yes to go on, or use a test key (sk_test_…).",
  });
}
