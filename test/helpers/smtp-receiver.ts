import type { AddressInfo } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A message that the server received: its envelope and its parsed content. */
export interface ReceivedMail {
  from: string;
  to: string[];
  user: string | null;
  secure: boolean;
  raw: string;
  mail: ParsedMail;
}

export interface SmtpReceiver {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** The number of sessions so far. */
  readonly connections: number;
  close(): Promise<void>;
}

export interface ReceiverOptions extends SMTPServerOptions {
  /** Returns the error for a recipient's address (RCPT TO); undefined accepts it. */
  refuse?: (address: string) => { code: number; message: string } | undefined;
  /** The only accepted password. Without it, a login is optional and any password is accepted. */
  password?: string;
  /** Returns the error for the end of the data; undefined accepts the message. */
  refuseData?: () => { code: number; message: string } | undefined;
}

function createSmtpError({ code, message }: { code: number; message: string }): Error {
  return Object.assign(new Error(message), { responseCode: code });
}

/** Starts a real SMTP server on 127.0.0.1. */
export async function startSmtpReceiver(options: ReceiverOptions = {}): Promise<SmtpReceiver> {
  const { refuse, refuseData, password, ...rest } = options;
  const received: ReceivedMail[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: password === undefined,
    disabledCommands: password === undefined ? ["STARTTLS"] : [],
    logger: false,
    onConnect(_session, callback) {
      connections += 1;
      callback();
    },
    onAuth({ username, password: given }, _session, callback) {
      if (password !== undefined && given !== password)
        return callback(createSmtpError({ code: 535, message: "Invalid username or password" }));
      callback(null, { user: username ?? "" });
    },
    onRcptTo({ address }, _session, callback) {
      const refusal = refuse?.(address);
      callback(refusal ? createSmtpError(refusal) : null);
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", async () => {
        const refusal = refuseData?.();
        if (refusal) return callback(createSmtpError(refusal));
        const raw = Buffer.concat(chunks);
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: typeof session.user === "string" ? session.user : null,
          secure: session.secure,
          raw: raw.toString("utf8"),
          mail: await simpleParser(raw),
        });
        callback(null);
      });
    },
    ...rest,
  });
  server.on("error", () => undefined); // A client that closes its connection early is not an error of the server.
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    get connections() {
      return connections;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
