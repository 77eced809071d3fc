import type { Message } from "../domain/message/message.js";
import type {
  Delivery,
  Provider,
  ProviderEvent,
  ProviderWebhook,
  StoredChannelData,
  WebhookAnswer,
} from "../ports/provider.js";
import {
  type ApiRequest,
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  formatErrorDetail,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseRetryAfter,
  toPlainText,
} from "./call-api.js";
import { createBounceError, createPermanentError, createRetryableError, type DeliveryError } from "./delivery-error.js";
import type { SettingsReader } from "./settings-reader.js";
import type { DocumentedFailure, VendorDefinition } from "./vendor-definition.js";

/** Opens a vendor's provider with a channel's settings. Throws `DeliveryError` if they are invalid. */
export type OpenVendor = (settings: SettingsReader, services: ProviderServices) => Provider;

/**
 * Reads the events of a vendor's webhook. Throws `authentication` for a signature that is missing, old or wrong, before it
 * reads the body.
 */
export type ReadEvents = (
  webhook: ProviderWebhook,
  settings: SettingsReader,
  services: ProviderServices,
) => Promise<ProviderEvent[]> | ProviderEvent[] | WebhookAnswer;

/** The modules of a vendor's folder. */
export interface VendorModules {
  send: () => Promise<{ openVendor: OpenVendor }>;
  /** Absent if the vendor has no webhook for the delivery status. */
  events?: () => Promise<{ readEvents: ReadEvents }>;
}

/** The request that sends a message. */
interface VendorRequest extends Pick<ApiRequest, "url" | "headers" | "body" | "from_data"> {
  /** POST by default. */
  method?: string;
  /** The device token, which is removed from the recipient if the vendor refuses it. */
  token?: string;
  /** Called with the vendor's error, such as to discard an access token. */
  onError?: (error: VendorError, status: number) => void | Promise<void>;
}

/** The code and the message of a vendor's error. */
export interface VendorError {
  code?: unknown;
  message?: unknown;
  /** The seconds to wait, if the vendor reports them in the body. */
  retry_after?: unknown;
}

/** How a vendor's API sends a message. */
interface VendorApi {
  buildRequest(message: Message, stored: StoredChannelData): VendorRequest | Promise<VendorRequest>;
  /** Returns the error of a response that is not a success. */
  readError(response: ApiResponse): VendorError;
  /** Returns the error in a response with a status of success, or null. Absent if the vendor has no such response. */
  findError?(response: ApiResponse, message: Message): VendorError | null;
  /** Returns the vendor's ID of the message; undefined if it gives none. Throws `DeliveryError` for an unknown response. */
  readId(response: ApiResponse, message: Message): string | undefined;
}

const MEGABYTE = 1_000_000;

/** Throws for a request that the vendor would refuse because of its size. */
function checkSize({ title, capabilities: { max_bytes: limit } }: VendorDefinition, body: ApiRequest["body"]): void {
  const size = body === null ? 0 : Buffer.byteLength(body);
  if (limit === undefined || size <= limit) return;
  const format = (bytes: number): string => (bytes / MEGABYTE).toFixed(1);
  throw createPermanentError(
    `${title} accepts ${format(limit)} MB, and this message has ${format(size)} MB with its encoded attachments`,
  );
}

/** Returns the documented failure that a response is, or undefined. */
export function findFailure({ failures }: VendorDefinition, status: number, { code, message }: VendorError) {
  return failures.find(
    (failure) =>
      (failure.status?.includes(status) ?? true) &&
      (failure.codes?.includes(toPlainText(code)) ?? true) &&
      (failure.message?.test(toPlainText(message)) ?? true),
  );
}

/** Returns the error for the result of a documented failure. */
export function createFailureError(
  result: DocumentedFailure["result"],
  reason: string,
  delay?: number,
  token?: string,
): DeliveryError {
  if (result === "bounced") return createBounceError(reason, token);
  return result === "permanent" ? createPermanentError(reason) : createRetryableError(reason, delay);
}

/** Larger numbers in a header are a time in seconds since 1970, and not a number of seconds to wait. */
const MAX_DELAY_SECONDS = 1_000_000_000;

/** Returns the milliseconds that a response asks to wait, by `Retry-After`, by the vendor's header or by its body. */
function readRetryDelay(
  { capabilities }: VendorDefinition,
  { headers }: ApiResponse,
  { retry_after }: VendorError,
  now: number,
): number | undefined {
  const value = headers["retry-after"] ?? headers[capabilities.rate_limit_header ?? ""] ?? toPlainText(retry_after);
  if (Number(value) > MAX_DELAY_SECONDS) return Math.max(0, Number(value) * 1_000 - now);
  return parseRetryAfter({ "retry-after": value }, now);
}

/**
 * Returns the error for a vendor's response: by its documented failures, and otherwise by its status. Other errors in a response
 * with a status of success are permanent.
 */
export function createVendorError(
  definition: VendorDefinition,
  response: ApiResponse,
  error: VendorError,
  now: number,
  token?: string,
): DeliveryError {
  const { title } = definition;
  const detail = formatErrorDetail(error.message, error.code);
  const failure = findFailure(definition, response.status, error);
  const delay = readRetryDelay(definition, response, error, now);
  if (failure === undefined) {
    if (isSuccess(response) && detail !== null) return createPermanentError(`${title}: ${detail}`);
    const headers: Record<string, string> = delay === undefined ? {} : { "retry-after": String(delay / 1_000) };
    return createStatusError(title, { ...response, headers }, detail, now);
  }
  return createFailureError(failure.result, `${title}: ${detail ?? failure.meaning}`, delay, token);
}

/** Returns an error's `code` and `message` from a JSON body, by the names that the vendor uses. */
export function readErrorFields({ text }: ApiResponse, message = "message", code = "code"): VendorError {
  const body = parseJsonObject(text) ?? {};
  return { message: body[message], code: body[code] };
}

/**
 * Sends a request to a vendor's API, and returns its success. Throws `DeliveryError` for a response that is an error, by its status
 * or by `findError`.
 */
export async function callVendor(
  definition: VendorDefinition,
  services: ProviderServices,
  { token, onError, method = "POST", ...request }: VendorRequest & { timeout_ms: number },
  readError: VendorApi["readError"],
  findError?: (response: ApiResponse) => VendorError | null,
): Promise<ApiResponse> {
  checkSize(definition, request.body);
  const response = await callApi(services, definition.title, { method, ...request });
  const error = isSuccess(response) ? (findError?.(response) ?? null) : readError(response);
  if (error === null) return response;
  await onError?.(error, response.status);
  throw createVendorError(definition, response, error, services.now(), token);
}

/** Returns the function that sends messages with a vendor's API. */
export function createSend(
  definition: VendorDefinition,
  settings: SettingsReader,
  services: ProviderServices,
  { buildRequest, readError, findError, readId }: VendorApi,
): Provider["send"] {
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  return async (message, _channel, stored): Promise<Delivery> => {
    const request = { timeout_ms, ...(await buildRequest(message, stored)) };
    const response = await callVendor(
      definition,
      services,
      request,
      readError,
      (found) => findError?.(found, message) ?? null,
    );
    const id = readId(response, message);
    return { status: "sent", ...(id === undefined ? {} : { metadata: { external_id: id } }) };
  };
}
