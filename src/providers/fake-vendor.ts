import { type KeyObject, verify } from "node:crypto";
import type { Server } from "node:net";
import type { ProviderEvent } from "../ports/provider.js";
import type { Json, JsonObject } from "../util/json.js";
import { parseJsonObject } from "./call-api.js";

/** A request that a fake has received. */
export interface FakeRequest {
  method: string;
  /** The path without the query. */
  path: string;
  query: URLSearchParams;
  /** Names are in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The body as JSON; the fields of a form, with the names of files; null for any other body. */
  body: Json;
  text: string;
}

export interface FakeResponse {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is if it is a text. */
  body: Json;
}

/** A failure that the vendor documents, and what knock makes of it. */
export interface FakeFailure extends FakeResponse {
  result: "bounced" | "permanent" | "temporary";
  /** The milliseconds that the response asks to wait. */
  retry_after_ms?: number;
  /** The requests that fail in this way, as method and path. All by default. */
  request?: RegExp;
}

/** An event that the vendor reports to a webhook. */
export type FakeEvent = ProviderEvent;

/** A request to a webhook for the delivery status. */
export interface FakeWebhook {
  /** The method: POST by default. A GET has no body. */
  method?: "GET";
  /** The URL with the query that the vendor adds; without it, the webhook's own. */
  url?: string;
  headers: Record<string, string>;
  body: string;
}

/** The part of a request and its response that HTTP/1 and HTTP/2 have in common. */
export interface FakeIncoming extends AsyncIterable<Buffer> {
  method?: string | undefined;
  url?: string | undefined;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}
export interface FakeOutgoing {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text: string): unknown;
}

/** Answers the requests of a server that is not the HTTP server of all fakes. */
export interface FakeHandler {
  /** Serves a request over HTTP. */
  serve(incoming: FakeIncoming, outgoing: FakeOutgoing): Promise<void>;
  /** Returns the response to a request: the next failure, or the vendor's response. */
  answer(request: FakeRequest): FakeResponse;
  /** Adds a request to the requests that the fake has received. */
  keep(request: FakeRequest, response: FakeResponse): void;
}

/** The documented API of a vendor, as far as knock uses it. It refuses what the vendor refuses. */
export interface FakeVendor {
  /** The settings of a channel that the fake accepts, besides those with its address. Secrets are their values. */
  settings: Readonly<Record<string, string>>;
  /** The scheme of the fake's URL; http by default. */
  scheme?: string;
  /** Returns the settings with the address of the fake; `base_url` by default. */
  locate?(url: string): Readonly<Record<string, string>>;
  /** Creates the server of a vendor that does not use HTTP/1. */
  createServer?(handler: FakeHandler): Server;
  /** Answers a request as the vendor does. */
  respond(request: FakeRequest): FakeResponse;
  /** The failures that the vendor documents, by a short name. */
  failures: Readonly<Record<string, FakeFailure>>;
  /** Builds the signed request that reports an event. `url` is the webhook's. Absent if the vendor has no webhook. */
  buildWebhook?(event: FakeEvent, url: string): FakeWebhook;
  /** Whether the signature has no time, although the events have one, so that old webhooks are accepted. */
  has_timeless_signature?: true;
  /** Types of events that the vendor reports. */
  events?: readonly FakeEvent["type"][];
}

/** Returns a documented failure by its response. With `seconds`, the response asks to wait so long. */
export const fail = (result: FakeFailure["result"], response: FakeResponse, seconds?: number): FakeFailure => ({
  ...response,
  result,
  ...(seconds === undefined ? {} : { headers: { "retry-after": String(seconds) }, retry_after_ms: seconds * 1_000 }),
});

/** Returns a text field of a JSON object or form; undefined if it is missing or empty. */
export function getField(body: Json, name: string): string | undefined {
  const value =
    typeof body === "object" && body !== null && !Array.isArray(body) ? (body as JsonObject)[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Returns the value of an HTTP Basic `Authorization` header. */
export function encodeBasic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** Returns the claims of a JSON Web Token; null unless it is signed with the key. */
export function readJwt(token: string, publicKey: KeyObject): JsonObject | null {
  const [header = "", claims = "", signature = ""] = token.split(".");
  const key = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  if (!verify("sha256", Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, "base64url"))) return null;
  return parseJsonObject(Buffer.from(claims, "base64url").toString("utf8"));
}
