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

/** A token is not used in its last minute, because it must still be valid when the request arrives. */
const EXPIRY_MARGIN_MS = 60_000;
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

/** An OAuth 2 access token, cached until shortly before it expires. Concurrent callers share one request for it. */
export class AccessToken {
  private current: { token: string; until: number } | undefined;
  private pendingRequest: Promise<string> | undefined;

  constructor(
    private readonly request: TokenRequest,
    private readonly services: ProviderServices,
  ) {}

  async get(): Promise<string> {
    if (this.current && this.services.now() < this.current.until) return this.current.token;
    this.pendingRequest ??= this.requestToken().finally(() => {
      this.pendingRequest = undefined;
    });
    return this.pendingRequest;
  }

  /** Discards a token that the provider no longer accepts, unless a newer one has replaced it. */
  invalidate(token: string): void {
    if (this.current?.token === token) this.current = undefined;
  }

  private async requestToken(): Promise<string> {
    const { vendor, url, buildForm: form, timeout_ms, onToken } = this.request;
    const serverName = `${vendor}'s token server`;
    const response = await callApi(this.services, serverName, {
      method: "POST",
      url,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(await form()).toString(),
      timeout_ms,
      confidential: true,
    });
    if (!isSuccess(response))
      throw createStatusError(serverName, response, findOAuthError(response), this.services.now());
    const { access_token, expires_in } = parseSuccessBody(serverName, response);
    if (typeof access_token !== "string" || access_token === "")
      throw createRetryableError(`${serverName} gave no token`);
    const lifetimeMs = Number(toPlainText(expires_in) || DEFAULT_LIFETIME_S) * 1_000;
    onToken(access_token);
    this.current = { token: access_token, until: this.services.now() + (lifetimeMs || 0) - EXPIRY_MARGIN_MS };
    return access_token;
  }
}
