import { KnockError } from "../errors/knock-error.js";
import type { ProcessIO } from "./process-io.js";

/** Returns whether a URL names this computer. */
export function isLoopbackUrl(baseUrl: string): boolean {
  try {
    const { hostname } = new URL(baseUrl);
    return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  } catch {
    return false;
  }
}

/** Returns whether a key belongs to a test environment. */
export const isTestKey = (apiKey: string): boolean => /^(sk|pk)_test(_|$)/.test(apiKey);

/**
 * Returns whether a key can notify real recipients: it is not a test key, and the server is not on a loopback address.
 */
export function isLiveKey(apiKey: string, baseUrl: string): boolean {
  return !isTestKey(apiKey) && !isLoopbackUrl(baseUrl);
}

/**
 * Asks for confirmation before the first request with a live key. Throws `confirmation_needed` if the user declines or
 * standard input is not a terminal.
 */
export async function confirmLiveKey(baseUrl: string, { stdinIsTerminal, confirm }: ProcessIO): Promise<void> {
  if (stdinIsTerminal && (await confirm(`This command uses a live API key at ${new URL(baseUrl).host}. Continue?`)))
    return;
  throw new KnockError(
    "confirmation_needed",
    "the API key is a live key: this command would notify real users or change their data",
    {
      hint: "Add --yes to continue, or use a test key (sk_test_…).",
    },
  );
}
