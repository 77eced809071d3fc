import { KnockError } from "../../errors/knock-error.js";
import type { Redact } from "../create-redact.js";
import { NOT_KNOCK_API_HINT } from "../response-reader.js";

/** An attempt without a complete response. */
export interface ConnectionFailure {
  /** `broken`: there was a response, but it was not HTTP, or it was incomplete. */
  kind: "unreachable" | "broken";
  message: string;
  /** False if another attempt would fail in the same way. */
  retryable: boolean;
  /** False if the connection failed before the request was sent. */
  mayBeProcessed: boolean;
  cause: unknown;
  /** The hint with the fix. Default: depends on the host. */
  hint?: string;
  /** The status of a broken response whose headers had arrived. */
  status?: number | undefined;
  request_id?: string | undefined;
}

const FAILURE_MESSAGES: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  EPIPE: "the connection was closed",
  UND_ERR_SOCKET: "the connection was closed",
  ERR_PROXY_CLOSED: "the proxy closed the connection",
  ENOTFOUND: "unknown host name",
  EAI_AGAIN: "the host name could not be looked up",
  ETIMEDOUT: "connecting took too long",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  EADDRNOTAVAIL: "the host is unreachable",
  EACCES: "the connection is not permitted locally",
  EPROTO: "it does not speak TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
};

/** The operations that fail before a request is sent. */
const CONNECT_CALLS: ReadonlySet<unknown> = new Set(["connect", "getaddrinfo"]);
/** Errors of TLS and of proxies before a request is sent. */
const CONNECT_CODES = /^(EPROTO|ERR_SSL_.*|ERR_PROXY_CLOSED)$/;

/** Hints for certificates that no other authority makes valid, by code. */
const CERTIFICATE_HINTS: Record<string, string> = {
  CERT_HAS_EXPIRED: "Renew the server's certificate, or check the time of this computer.",
  CERT_NOT_YET_VALID: "Check the time of this computer.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The certificate is for another host. Check the base URL (--base-url, KNOCK_BASE_URL).",
};
const UNKNOWN_AUTHORITY_HINT =
  "Set KNOCK_CA_FILE to a PEM file with the certificate of its authority, or add it with NODE_EXTRA_CA_CERTS.";

const BAD_CERTIFICATE = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;

/** Describes in plain words why a connection failed. */
export function toConnectionFailure(error: unknown): ConnectionFailure {
  const { code, syscall } = findCodedError(error);
  // undici gives the errors of its parser no code. Those of Node's client start with HPE_.
  if (code.startsWith("HPE_") || (error instanceof Error && error.name === "HTTPParserError"))
    return {
      kind: "broken",
      message: "sent a response that is not HTTP",
      retryable: false,
      mayBeProcessed: true,
      cause: error,
    };
  // undici reports a proxy's response only in the message.
  const [, status] = (error instanceof Error && /^Proxy response \((\d+)\)/.exec(error.message)) || [];
  if (status !== undefined) {
    return {
      kind: "unreachable",
      message: `the proxy refused the connection (${status})`,
      retryable: Number(status) >= 500,
      mayBeProcessed: false,
      cause: error,
    };
  }
  if (BAD_CERTIFICATE.test(code)) {
    return {
      kind: "unreachable",
      message: `its TLS certificate is not trusted (${code})`,
      retryable: false,
      mayBeProcessed: false,
      cause: error,
      hint: CERTIFICATE_HINTS[code] ?? UNKNOWN_AUTHORITY_HINT,
    };
  }
  const words = FAILURE_MESSAGES[code] ?? (code === "" ? "the connection failed" : `the connection failed (${code})`);
  const mayBeProcessed = !CONNECT_CALLS.has(syscall) && !CONNECT_CODES.test(code);
  return { kind: "unreachable", message: words, retryable: true, mayBeProcessed, cause: error };
}

interface CodedError {
  code: string;
  /** The operation of the system that failed. */
  syscall?: unknown;
}

/** Returns the error with a code: an error, its cause, or the first of several errors (one per address). */
function findCodedError(error: unknown, depth = 0): CodedError {
  if (typeof error !== "object" || error === null || depth > 4) return { code: "" };
  const { code, syscall, cause, errors } = error as Record<string, unknown>;
  if (typeof code === "string" && code !== "UND_ERR") return { code, syscall };
  const found = findCodedError(cause, depth + 1);
  return found.code === "" && Array.isArray(errors) ? findCodedError(errors[0], depth + 1) : found;
}

interface FailureContext {
  host: string;
  loopback: boolean;
  /** Whether the connection goes through a proxy. */
  proxied: boolean;
  /** Number of attempts. */
  tries: number;
  redact: Redact;
}

/** Returns the error for a call that never got a complete response. */
export function createConnectionError(failure: ConnectionFailure, context: FailureContext): KnockError {
  const { host, loopback, proxied, tries, redact } = context;
  const times = tries > 1 ? ` (tried ${tries} times)` : "";
  // A new error, because the HTTP client's error may contain the request, and with it the key.
  const cause = new Error(redact(failure.cause instanceof Error ? failure.cause.message : String(failure.cause)));
  if (failure.kind === "broken") {
    return new KnockError(
      "remote_failed",
      `${host} did not respond like the Knock API: it ${failure.message}${times}`,
      {
        hint: NOT_KNOCK_API_HINT,
        cause,
        status: failure.status,
        request_id: failure.request_id,
        attempts: tries,
      },
    );
  }
  return new KnockError("unreachable", `could not reach ${host}: ${failure.message}${times}`, {
    hint: failure.hint ?? getUnreachableHint(loopback, proxied),
    cause,
    attempts: tries,
  });
}

function getUnreachableHint(loopback: boolean, proxied: boolean): string {
  if (loopback) return "Check that a server is running there. `knock dev` starts a local API.";
  return proxied
    ? "Check the proxy in HTTPS_PROXY, the network and the base URL. Add the host to NO_PROXY to connect without the proxy."
    : "Check the network and the base URL (--base-url, KNOCK_BASE_URL).";
}
