import { type ClientHttp2Session, connect } from "node:http2";
import type { SecureContextOptions } from "node:tls";
import type { ApiFailure, ApiResponse } from "../../call-api.js";

interface Http2Request {
  path: string;
  headers: Record<string, string>;
  body: string;
  timeout_ms: number;
}

/** Maximum size of a response. APNs responds briefly, so an endless response is not from it. */
const MAX_BODY_BYTES = 64 * 1024;

/** One HTTP/2 session to an origin, opened when needed and again after it has closed. Any number of requests share it. */
export class Http2Session {
  private session: ClientHttp2Session | undefined;

  constructor(
    private readonly origin: string,
    private readonly tls: SecureContextOptions = {},
  ) {}

  close(): void {
    this.session?.destroy();
    this.session = undefined;
  }

  /** Sends a POST request. Never rejects: failures are returned. */
  post(request: Http2Request): Promise<ApiResponse | ApiFailure> {
    return new Promise((resolve) => {
      let isFinished = false;
      const finish = (response: ApiResponse | ApiFailure): void => {
        if (isFinished) return;
        isFinished = true;
        clearTimeout(timer);
        resolve(response);
      };
      const fail = (message: string, code = ""): void => finish({ failure: "connection", message, code });
      // A session that does not respond is not used again, because further requests would wait as long.
      const timer = setTimeout(() => {
        finish({ failure: "timeout", message: `no response within ${request.timeout_ms / 1_000} s`, code: "" });
        this.close();
      }, request.timeout_ms);
      try {
        this.sendRequest(request, finish, fail);
      } catch (error) {
        const { code = "", message } = error as Error & { code?: string };
        const isOurs = code.startsWith("ERR_INVALID") || code.startsWith("ERR_HTTP2_INVALID");
        finish({ failure: isOurs ? "malformed" : "connection", message, code });
      }
    });
  }

  private sendRequest(
    { path, headers, body }: Http2Request,
    finish: (response: ApiResponse) => void,
    fail: (message: string, code?: string) => void,
  ): void {
    const session = this.getOpenSession();
    const onGone = (error?: Error): void => fail(error?.message ?? "the connection was closed");
    session.once("error", onGone).once("close", onGone);
    const stream = session.request({ ":method": "POST", ":path": path, ...headers });
    let status = 0;
    let responseHeaders: Record<string, string> = {};
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on("response", ({ ":status": code, ...rest }) => {
      status = Number(code);
      const plain = Object.entries(rest).map(([name, value]): [string, string] => [name, String(value ?? "")]);
      responseHeaders = Object.fromEntries(plain);
    });
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) stream.destroy(new Error("the answer is larger than 64 kB"));
      else chunks.push(chunk);
    });
    stream.on("error", (error: Error) => fail(error.message));
    stream.on("end", () => {
      if (status > 0) finish({ status, headers: responseHeaders, text: Buffer.concat(chunks).toString("utf8") });
    });
    stream.on("close", () => {
      session.off("error", onGone).off("close", onGone);
      fail("the stream was closed without an answer");
    });
    stream.end(body);
  }

  private getOpenSession(): ClientHttp2Session {
    const current = this.session;
    if (current && !current.closed && !current.destroyed) return current;
    const session = connect(this.origin, this.tls);
    // Many streams listen at once. Each of them receives an error of the session; without streams, it is only discarded.
    session.setMaxListeners(0);
    const forget = (): void => {
      if (this.session === session) this.session = undefined;
    };
    session.on("error", forget).on("goaway", forget).on("close", forget);
    session.unref();
    this.session = session;
    return session;
  }
}
