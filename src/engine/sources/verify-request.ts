import type { SourceRequest, SourceVerification } from "../../domain/trigger/source.js";
import { KnockError } from "../../errors/knock-error.js";

function createVerificationError(source: string, why: string): KnockError {
  return new KnockError("authentication", `source "${source}": ${why}`, {
    hint: "Check the secret and the header in the source's settings.verification.",
  });
}

/**
 * Checks the signature of an HTTP request, in constant time. Throws `authentication` (401) if the signature is missing
 * or does not match, or if the secret is not set, because then no request can be verified.
 */
export async function verifyRequest(
  source: string,
  { scheme, header, algorithm, encoding, prefix, variable }: SourceVerification,
  { headers, raw_body }: SourceRequest,
  readVariable: (name: string) => string | undefined,
): Promise<void> {
  if (raw_body === undefined) return;
  const secret = readVariable(variable);
  if (!secret) throw createVerificationError(source, `the environment variable ${variable} is not set`);
  const headerValue = headers[header];
  if (headerValue === undefined) throw createVerificationError(source, `the request has no header ${header}`);
  if (!headerValue.startsWith(prefix))
    throw createVerificationError(source, `the header ${header} does not start with ${prefix}`);
  const { createHmac, timingSafeEqual } = await import("node:crypto");
  const value = headerValue.slice(prefix.length);
  const expected = scheme === "secret" ? secret : createHmac(algorithm, secret).update(raw_body).digest(encoding);
  // Compares digests, which have the same length whatever was sent.
  const digest = (text: string) => createHmac("sha256", secret).update(text).digest();
  const isHex = scheme === "hmac" && encoding === "hex";
  if (!timingSafeEqual(digest(isHex ? value.toLowerCase() : value), digest(expected)))
    throw createVerificationError(
      source,
      `the ${scheme === "secret" ? "secret" : "signature"} in the header ${header} does not match`,
    );
}
