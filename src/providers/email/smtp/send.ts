import { createTransport, type Transporter } from "nodemailer";
import type { Delivery, Provider } from "../../../ports/provider.js";
import { isLoopback } from "../../../util/is-loopback.js";
import { Semaphore } from "../../../util/semaphore.js";
import { withTimeLimit } from "../../../util/time-limit.js";
import { type ApiFailure, type ApiResponse, DEFAULT_TIMEOUT_MS, type ProviderServices } from "../../call-api.js";
import { createBounceError, createPermanentError, createRetryableError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { createFailureError, findFailure } from "../../vendor-api.js";
import { type Address, type Email, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

const IMPLICIT_TLS_PORT = 465;
const SUBMISSION_PORT = 587;
const MAX_CONNECTIONS = 5;
const MAX_MESSAGES_PER_CONNECTION = 100;
/** A message that has no connection after this time is retried later. Much shorter than the lease on its row. */
const MAX_CONNECTION_WAIT_MS = 45_000;
/** Maximum duration of a session, in timeouts. Each command of a session has the timeout. */
const MAX_TIMEOUTS_PER_SESSION = 4;

/** The fields that nodemailer adds to its errors. */
interface SmtpError extends Error {
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
}

const CERTIFICATE_MESSAGE = /certificate|self.signed|altname|unable to verify|CERT_|wrong version number/i;

/**
 * Returns the error for a failed session: by the server's reply, or otherwise permanent for missing credentials and an untrusted
 * certificate, which no retry changes (CH-042, CH-044).
 */
function toDeliveryError({ code = "", command, responseCode = 0, response, message }: SmtpError, to: Address) {
  // OpenSSL's own message has a stack of codes.
  if (/wrong version number/i.test(message))
    return createPermanentError(
      'SMTP: the server does not use TLS on this port; settings.tls can be "starttls" or "none"',
    );
  const { result } = findFailure(definition, responseCode, { code: command, message: response }) ?? {};
  const reason = `SMTP: ${result === "bounced" ? `${to.address} was refused: ` : ""}${response ?? message}`;
  if (result !== undefined) return createFailureError(result, reason);
  const isPermanent = ["EAUTH", "ENOAUTH", "ETLS"].includes(code) || CERTIFICATE_MESSAGE.test(message);
  return createFailureError(isPermanent ? "permanent" : "temporary", reason);
}

function createSmtpTransport(settings: SettingsReader, timeoutMs: number, maxConnections: number): Transporter {
  const host = settings.required("host");
  const mode = settings.text("tls");
  const port = settings.number("port", mode === "implicit" ? IMPLICIT_TLS_PORT : SUBMISSION_PORT);
  const tls = mode ?? (port === IMPLICIT_TLS_PORT ? "implicit" : "starttls");
  const user = isLoopback(host) ? settings.text("username") : settings.required("username");
  const ca = settings.text("ca");
  return createTransport({
    pool: true,
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    ...(user === null ? {} : { auth: { user, pass: settings.required("password") } }),
    ...(ca === null ? {} : { tls: { ca: ca.replaceAll("\\n", "\n") } }),
    maxConnections,
    maxMessages: MAX_MESSAGES_PER_CONNECTION,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // Content comes from templates and data, so it must not be able to read local files or addresses.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

const toNodemailerAddress = ({ address, name }: Address) => ({ address, name: name ?? "" });

function buildMail(email: Email, messageId: string) {
  const { from, to, cc, bcc, reply_to, subject, html, text, attachments } = email;
  return {
    // The same at every attempt, so that servers and mail clients can recognize a repeat.
    messageId: `<${messageId}>`,
    from: toNodemailerAddress(from),
    to: toNodemailerAddress(to),
    cc: cc.map(toNodemailerAddress),
    bcc: bcc.map(toNodemailerAddress),
    replyTo: reply_to.map(toNodemailerAddress),
    subject,
    ...(html === null ? {} : { html }),
    text: text ?? "",
    headers: email.headers, // no other key of the overrides is read (CH-090)
    attachments: attachments.map(({ name, content, content_type, content_id, disposition }) => ({
      filename: name,
      content,
      encoding: "base64",
      ...(content_type === null ? {} : { contentType: content_type }),
      ...(content_id === null ? {} : { cid: content_id }),
      contentDisposition: disposition === "inline" ? ("inline" as const) : ("attachment" as const),
    })),
  };
}

/** Opens SMTP with a pool of connections, TLS and a login. The last status that it reports is `sent` (CH-090, CH-046). */
export function openVendor(settings: SettingsReader, { onClose, record }: ProviderServices): Provider {
  const timeoutMs = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const maxConnections = settings.number("max_connections", MAX_CONNECTIONS);
  const transport = createSmtpTransport(settings, timeoutMs, maxConnections);
  onClose(() => transport.close());
  const url = `smtp://${settings.required("host")}:${(transport.options as { port?: number }).port}`;
  /** Records a session. Its body is the envelope, because the log does not need the message twice. */
  const recordSession = (email: Email, messageId: string, response: ApiResponse | ApiFailure): void => {
    const to = [email.to, ...email.cc, ...email.bcc].map(({ address }) => address);
    const body = JSON.stringify({ from: email.from.address, to, message_id: messageId, subject: email.subject });
    record({ url, headers: {}, body, response });
  };
  const connections = new Semaphore(maxConnections);

  const sessionLimit = timeoutMs * MAX_TIMEOUTS_PER_SESSION;
  const createTimeoutError = () => new Error(`the session took longer than ${sessionLimit / 1_000} s`);

  return {
    async send(message): Promise<Delivery> {
      const email = parseEmail(message);
      const domain = email.from.address.slice(email.from.address.lastIndexOf("@") + 1);
      const messageId = `${message.id}@${domain}`;
      const releaseConnection = await connections.acquireWithin(MAX_CONNECTION_WAIT_MS);
      if (releaseConnection === null) throw createRetryableError("SMTP: all connections were busy");
      try {
        const { rejected = [], response = "" } = await withTimeLimit(
          transport.sendMail(buildMail(email, messageId)),
          sessionLimit,
          createTimeoutError,
        );
        recordSession(email, messageId, { status: Number.parseInt(response, 10) || 250, headers: {}, text: response });
        if (rejected.some((address) => String(address).toLowerCase() === email.to.address.toLowerCase()))
          throw createBounceError(`SMTP: ${email.to.address} was refused`);
        return { status: "sent", metadata: { external_id: messageId } };
      } catch (error) {
        if (error instanceof Error && "delivery" in error) throw error;
        const { responseCode: status, response, message: text } = error as SmtpError;
        const failureResponse = status ? { status, headers: {}, text: response ?? text } : null;
        recordSession(email, messageId, failureResponse ?? { failure: "connection", message: text, code: "" });
        throw toDeliveryError(error as SmtpError, email.to);
      } finally {
        releaseConnection();
      }
    },
  };
}
