import {
  type ApiResponse,
  callApi,
  createStatusError,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
  toPlainText,
} from "./call-api.js";
import { createRetryableError } from "./delivery-error.js";
import { ExpiringValue } from "./expiring-value.js";

const DEFAULT_LIFETIME_S = 3_600;

interface TokenRequest {
  vendor: string;
  url: string;
  /** Called for each request, because assertions expire. */
  buildForm: () => Record<string, string> | Promise<Record<string, string>>;
  timeout_ms: number;
  /** Called with each new token, so that no failure reason contains it. */
  onToken: (token: string) => void;
}

/** Returns the error that an OAuth 2 server reports, or null. */
function findOAuthError({ text }: ApiResponse): string | null {
  const { error, error_description } = parseJsonObject(text) ?? {};
  return typeof error === "string" ? [error, toPlainText(error_description)].filter(Boolean).join(": ") : null;
}

/** An OAuth 2 access token, cached until shortly before it expires. */
export class AccessToken extends ExpiringValue<string> {
  constructor(request: TokenRequest, services: ProviderServices) {
    super(() => requestToken(request, services), services.now);
  }
}

async function requestToken(
  { vendor, url, buildForm: form, timeout_ms, onToken }: TokenRequest,
  services: ProviderServices,
): Promise<{ value: string; expires_at: number }> {
  const serverName = `${vendor}'s token server`;
  const response = await callApi(services, serverName, {
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(await form()).toString(),
    timeout_ms,
    confidential: true,
  });
  if (!isSuccess(response)) throw createStatusError(serverName, response, findOAuthError(response), services.now());
  const { access_token, expires_in } = parseSuccessBody(serverName, response);
  if (typeof access_token !== "string" || access_token === "")
    throw createRetryableError(`${serverName} gave no token`);
  const lifetimeMs = Number(toPlainText(expires_in) || DEFAULT_LIFETIME_S) * 1_000;
  onToken(access_token);
  return { value: access_token, expires_at: services.now() + (lifetimeMs || 0) };
}
