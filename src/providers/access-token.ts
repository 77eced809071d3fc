import {
  type ApiAnswer,
  callApi,
  failed,
  isSuccess,
  parsedObject,
  plainText,
  type Services,
  successBody,
} from "./api-call.js";
import { passing } from "./undeliverable.js";

/** Not used in its last minute: it must still be good when the request arrives. */
const MARGIN_MS = 60_000;
const DEFAULT_LIFE_S = 3_600;

export interface TokenRequest {
  vendor: string;
  url: string;
  /** Called for each request, because assertions expire. */
  form: () => Record<string, string> | Promise<Record<string, string>>;
  timeout_ms: number;
  /** Called with each new token, so that no reason repeats it. */
  onToken: (token: string) => void;
}

/** What an OAuth 2 server says is wrong. */
function faultOf({ text }: ApiAnswer): string | null {
  const { error, error_description } = parsedObject(text) ?? {};
  return typeof error === "string" ? [error, plainText(error_description)].filter(Boolean).join(": ") : null;
}

/** An OAuth 2 access token, kept until shortly before it expires; asked for once, however many wait for it. */
export class AccessToken {
  private current: { token: string; until: number } | undefined;
  private asking: Promise<string> | undefined;

  constructor(
    private readonly request: TokenRequest,
    private readonly services: Services,
  ) {}

  async get(): Promise<string> {
    if (this.current && this.services.now() < this.current.until) return this.current.token;
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  /** The provider does not take this token any more; a newer one is left alone. */
  drop(token: string): void {
    if (this.current?.token === token) this.current = undefined;
  }

  private async ask(): Promise<string> {
    const { vendor, url, form, timeout_ms, onToken } = this.request;
    const what = `${vendor}'s token server`;
    const answer = await callApi(this.services, what, {
      method: "POST",
      url,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(await form()).toString(),
      timeout_ms,
      confidential: true,
    });
    if (!isSuccess(answer)) throw failed(what, answer, faultOf(answer), this.services.now());
    const { access_token, expires_in } = successBody(what, answer);
    if (typeof access_token !== "string" || access_token === "") throw passing(`${what} gave no token`);
    const life = Number(plainText(expires_in) || DEFAULT_LIFE_S) * 1_000;
    onToken(access_token);
    this.current = { token: access_token, until: this.services.now() + (life || 0) - MARGIN_MS };
    return access_token;
  }
}
