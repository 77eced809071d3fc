import { createHmac, timingSafeEqual } from "node:crypto";
import { KnockError } from "../errors/knock-error.js";
import type { ProviderWebhook } from "../ports/provider.js";

/** Limits how much a signature's time and the clock may differ, in milliseconds. Replays change nothing, so it is generous. */
const MAX_AGE_MS = 15 * 60_000;

/** Returns the error for a webhook whose signature is missing, old or wrong. It changes nothing. */
export function createRefusedError(message: string): KnockError {
  return new KnockError("authentication", message);
}

/** Returns a header of a webhook. Throws `authentication` without it. */
export function requireHeader({ headers }: ProviderWebhook, name: string): string {
  const value = headers[name];
  if (value === undefined || value === "") throw createRefusedError(`The webhook has no ${name}`);
  return value;
}

/** Returns whether both texts are equal. It takes the same time for every text of a length. */
function isEqual(actual: string, expected: string): boolean {
  const [a, b] = [Buffer.from(actual), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Throws unless a webhook has the token that the user has chosen for it. */
export function checkVerifyToken(actual: string, expected: string): void {
  if (!isEqual(actual, expected))
    throw createRefusedError("The webhook's token is wrong: check settings.webhook_verify_token");
}

/** Throws unless a webhook's signature or credentials are right. */
export function checkValid(isValid: boolean): void {
  if (!isValid) throw createRefusedError("The webhook's signature is wrong: check settings.webhook_signing_key");
}

/** Throws unless `signature`, or one of a list of signatures, is the HMAC of the content with the key or one of the keys. */
export function checkHmac(
  signature: string | readonly string[],
  content: string,
  key: string | Buffer | readonly string[],
  algorithm: "sha1" | "sha256",
  encoding: "hex" | "base64",
): void {
  const expected = [key].flat().map((one) => createHmac(algorithm, one).update(content).digest(encoding));
  checkValid([signature].flat().some((actual) => expected.some((digest) => isEqual(actual, digest))));
}

/** Throws unless a signature's time, in seconds since 1970, is near `now`, in milliseconds. */
export function checkAge(seconds: string, now: number): void {
  const difference = Math.abs(Number(seconds) * 1_000 - now);
  if (difference <= MAX_AGE_MS) return;
  throw createRefusedError(
    Number.isNaN(difference)
      ? "The webhook's signature has no valid time"
      : `The webhook's signature is ${Math.round(difference / 60_000)} minutes ${Number(seconds) * 1_000 < now ? "old" : "ahead"}: check this machine's clock`,
  );
}

/** Throws unless the webhook has the user name and the password that `expected` contains as `user:password`. */
export function checkBasicAuth(webhook: ProviderWebhook, expected: string): void {
  const credentials = `Basic ${Buffer.from(expected).toString("base64")}`;
  checkValid(isEqual(requireHeader(webhook, "authorization"), credentials));
}

/** Returns the text that vendors sign for a form: the webhook's URL, and its fields sorted by name. */
export function formatSignedForm(url: string, fields: URLSearchParams): string {
  return (
    url +
    [...fields]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flat()
      .join("")
  );
}
