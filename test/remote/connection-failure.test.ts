import { expect, it } from "vitest";
import { createRedact } from "../../src/remote/create-redact.js";
import { createConnectionError, toConnectionFailure } from "../../src/remote/http/connection-failure.js";

function coded(code: string, more: object = {}): Error {
  return Object.assign(new Error(`raw ${code}`), { code, ...more });
}

it.each([
  ["ECONNREFUSED", /refused/, true],
  ["ECONNRESET", /closed/, true],
  ["UND_ERR_SOCKET", /closed/, true],
  ["ETIMEDOUT", /took too long/, true],
  ["EHOSTUNREACH", /host is unreachable/, true],
  ["EAI_AGAIN", /looked up/, true],
  ["EODD", /\(EODD\)/, true],
  ["CERT_HAS_EXPIRED", /certificate is not trusted \(CERT_HAS_EXPIRED\)/, false],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", /certificate/, false],
  ["SELF_SIGNED_CERT_IN_CHAIN", /certificate/, false],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /certificate/, false],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /certificate/, false],
])("%s is explained in plain words (A-040: retried only where a retry can help)", (code, message, retryable) => {
  expect(toConnectionFailure(coded(code))).toMatchObject({
    kind: "unreachable",
    message: expect.stringMatching(message),
    retryable,
  });
});

it.each([
  ["SELF_SIGNED_CERT_IN_CHAIN", /KNOCK_CA_FILE.*NODE_EXTRA_CA_CERTS/],
  ["CERT_HAS_EXPIRED", /^Renew the server's certificate/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /another host/],
])("the hint for %s says how to fix it", (code, hint) => {
  const context = { host: "h", loopback: true, proxied: false, tries: 1, redact: createRedact("k") };
  expect(createConnectionError(toConnectionFailure(coded(code)), context).hint).toMatch(hint);
});

it("the cause is found in nested errors, and in one of several addresses tried", () => {
  expect(toConnectionFailure(new TypeError("failed", { cause: coded("ECONNRESET") })).message).toMatch(/closed/);
  expect(toConnectionFailure(new AggregateError([coded("ECONNREFUSED"), coded("ECONNREFUSED")])).message).toMatch(
    /refused/,
  );
  expect(toConnectionFailure("odd").message).toBe("the connection failed");
});

it("the error contains nothing of the failed request", () => {
  const key = "sk_test_0123456789";
  const failure = toConnectionFailure(
    coded("ECONNRESET", { request: { headers: { authorization: key } }, message: `lost ${key}` }),
  );
  const context = { host: "api.example.com", loopback: false, proxied: false, tries: 2, redact: createRedact(key) };
  const error = createConnectionError(failure, context);
  expect(error.message).toBe("could not reach api.example.com: the connection was closed (tried 2 times)");
  expect(error.hint).toMatch(/network/);
  const cause = error.cause as Error;
  expect(JSON.stringify([cause.message, cause.stack, Object.values(cause)])).not.toContain(key);
});
