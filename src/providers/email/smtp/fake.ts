import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { JsonObject } from "../../../util/json.js";
import {
  type FakeFailure,
  type FakeHandler,
  type FakeRequest,
  type FakeResponse,
  type FakeVendor,
  getField,
} from "../../fake-vendor.js";

const SETTINGS = { username: "fake-smtp-user", password: "fake-smtp-password", tls: "none" };
const CREDENTIALS = Buffer.from(`\0${SETTINGS.username}\0${SETTINGS.password}`).toString("base64");
const MAX_BYTES = 10 * 1_024 * 1_024;
const CAPABILITIES = `250-fake\r\n250-SIZE ${MAX_BYTES}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN`;

const reply = (status: number, body: string): FakeResponse => ({ status, body });
const TOO_LARGE = reply(552, "5.3.4 Message size exceeds fixed limit");
const INVALID_LOGIN = reply(535, "5.7.8 Authentication credentials invalid");

/** Returns the headers of a MIME message by lower-case name. */
function readHeaders(message: string): Record<string, string> {
  const [head = ""] = message.split("\r\n\r\n", 1);
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  return Object.fromEntries(
    lines.map((line) => [line.split(":", 1)[0]?.toLowerCase(), line.replace(/^[^:]*:\s*/, "")]),
  );
}

/** Answers the commands of one session. A message is kept once, at its end or when it is refused. */
async function serveSession(socket: Socket, { answer, keep }: FakeHandler): Promise<void> {
  let envelope: JsonObject & { to: string[] } = { from: "", to: [] };
  let username: string | undefined;
  let message: string[] | null = null;
  const say = (text: string): void => void socket.write(`${text}\r\n`);
  const run = (method: string, path: string, text = ""): boolean => {
    const body = { ...envelope, ...(username === undefined ? {} : { username }) };
    const headers = method === "DATA" ? readHeaders(text) : {};
    const request: FakeRequest = { method, path, query: new URLSearchParams(), headers, body, text };
    const response = answer(request);
    if (method === "DATA" || response.status >= 400) keep(request, response);
    say(`${response.status} ${String(response.body)}`);
    return response.status < 400;
  };

  say("220 fake ESMTP");
  for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (message !== null && line !== ".") message.push(line.startsWith(".") ? line.slice(1) : line);
    else if (message !== null) {
      run("DATA", "", message.join("\r\n"));
      message = null;
    } else if (/^(EHLO|HELO)\b/i.test(line)) say(CAPABILITIES);
    else if (/^AUTH PLAIN /i.test(line)) {
      if (run("AUTH", "", line.slice("AUTH PLAIN ".length))) username = SETTINGS.username;
    } else if (/^MAIL FROM:/i.test(line)) {
      const [, from = ""] = /<([^<>]*)>/.exec(line) ?? [];
      envelope = { from, to: [] };
      run("MAIL", from);
    } else if (/^RCPT TO:/i.test(line)) {
      const [, to = ""] = /<([^<>]*)>/.exec(line) ?? [];
      if (run("RCPT", to)) envelope.to.push(to);
    } else if (/^DATA$/i.test(line)) {
      if (envelope.to.length > 0) message = [];
      say(message === null ? "503 5.5.1 No valid recipients" : "354 End data with <CR><LF>.<CR><LF>");
    } else if (/^(RSET|NOOP)\b/i.test(line)) say("250 2.0.0 Ok");
    else if (/^QUIT$/i.test(line)) socket.end("221 2.0.0 Bye\r\n");
    else say("502 5.5.2 Command not recognized");
  }
}

const fail = (request: RegExp, result: FakeFailure["result"], status: number, body: string): FakeFailure => ({
  ...reply(status, body),
  result,
  request,
});

/** A mail server with a login and without TLS. Its replies have enhanced status codes (RFC 3463). */
export const fake: FakeVendor = {
  settings: SETTINGS,
  scheme: "smtp",
  locate: (url) => ({ host: new URL(url).hostname, port: new URL(url).port }),
  createServer: (handler) =>
    createServer((socket) => {
      socket.on("error", () => undefined); // a client that closes its connection early
      void serveSession(socket, handler);
    }),
  respond({ method, path, body, headers, text }): FakeResponse {
    if (method === "AUTH") return text === CREDENTIALS ? reply(235, "2.7.0 Authentication successful") : INVALID_LOGIN;
    if (getField(body, "username") === undefined) return reply(530, "5.7.0 Authentication required");
    if (method === "MAIL") return reply(250, "2.1.0 Ok");
    if (method === "RCPT")
      return /^[^\s@]+@[^\s@]+$/.test(path) ? reply(250, "2.1.5 Ok") : reply(553, "5.1.3 Bad recipient address syntax");
    if (Buffer.byteLength(text) > MAX_BYTES) return TOO_LARGE;
    if (headers.from === undefined) return reply(550, "5.6.0 Message has no From header");
    return reply(250, "2.0.0 Ok: queued");
  },
  failures: {
    invalid_login: fail(/^AUTH /, "permanent", 535, "5.7.8 Authentication credentials invalid"),
    unknown_user: fail(/^RCPT /, "bounced", 550, "5.1.1 User unknown"),
    unknown_domain: fail(/^RCPT /, "bounced", 550, "5.1.2 Host unknown"),
    disabled_mailbox: fail(/^RCPT /, "bounced", 550, "5.2.1 Mailbox disabled"),
    relay_denied: fail(/^RCPT /, "permanent", 554, "5.7.1 Relay access denied"),
    greylisted: fail(/^RCPT /, "temporary", 451, "4.7.1 Greylisted, try again later"),
    mailbox_full: fail(/^RCPT /, "temporary", 452, "4.2.2 Mailbox full"),
    refused_sender: fail(/^MAIL /, "permanent", 553, "5.7.1 Sender address rejected"),
    spam: fail(/^DATA /, "permanent", 554, "5.7.1 Message rejected as spam"),
    too_large: fail(/^DATA /, "permanent", 552, "5.3.4 Message size exceeds fixed limit"),
    rate_limited: fail(/^MAIL /, "temporary", 450, "4.7.1 Too many messages"),
    outage: fail(/^DATA /, "temporary", 451, "4.3.0 Local error in processing"),
  },
};
