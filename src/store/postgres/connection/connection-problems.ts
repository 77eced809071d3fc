import { getErrorMessage } from "../../../errors/knock-error.js";

/** Why no connection can be opened until a setting, a role or a file is changed. */
interface ConnectionProblem {
  /** The end of a sentence that begins with the store. */
  problem: string;
  hint: string;
}

const BAD_CERTIFICATE = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH)/;
const FAILED_TLS = /^(EPROTO|ERR_(SSL|TLS|OSSL)_)/;
const UNREADABLE_FILE = /^(ENOENT|EACCES|EISDIR|ENOTDIR)$/;
/** The file of the URL is read before a connection is opened, so an error of its content has no other origin. */
const BAD_PEM = /^ERR_OSSL_(PEM|ASN1|X509)_/;
const FILES_HINT = "Check sslrootcert, sslcert and sslkey in the URL: each is the path of a PEM file.";

/** Describes errors of the client, which has no codes for them. */
function describeClientProblem(message: string): ConnectionProblem | null {
  if (message === "The server does not support SSL connections")
    return {
      problem: "is on a server without TLS",
      hint: "Turn on ssl on the server, or use sslmode=disable in the URL on a private network.",
    };
  if (message === "There was an error establishing an SSL connection")
    return {
      problem: "is on a server that did not answer the request for TLS",
      hint: "Check the host and the port in the URL, and the server's log.",
    };
  if (/client password must be|Password must be a string/.test(message))
    return {
      problem: "needs a password, and none is given",
      hint: "Set PGPASSWORD, add a line to ~/.pgpass, or name a variable in the URL: postgres://ada:$NAME@host/database.",
    };
  if (message.startsWith("SASL"))
    return {
      problem: `could not check the password: ${message}`,
      hint: "Check that the server, and a pooler before it, use scram-sha-256.",
    };
  return null;
}

/** Describes errors of TLS and its files. */
function describeTlsProblem(error: Error, code: string): ConnectionProblem | null {
  const { message } = error;
  const isFile = "syscall" in error && (error.syscall === "open" || error.syscall === "read");
  if (isFile && UNREADABLE_FILE.test(code))
    return { problem: `needs a file that cannot be read: ${message}`, hint: FILES_HINT };
  if (BAD_PEM.test(code)) return { problem: `needs a file that is not valid: ${message}`, hint: FILES_HINT };
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return {
      problem: `has a certificate for another host: ${message}`,
      hint: "Use a host name of the certificate in the URL. To check only its authority, add uselibpqcompat=true&sslmode=verify-ca.",
    };
  if (BAD_CERTIFICATE.test(code))
    return {
      problem: `has a certificate that is not trusted: ${message}`,
      hint: "Name the file with the certificate of its authority in the URL: sslrootcert=<file>. If it has expired, renew it.",
    };
  if (FAILED_TLS.test(code))
    return {
      problem: `could not be connected with TLS: ${message}`,
      hint: "Check the TLS versions that the server accepts, and sslcert and sslkey in the URL if it needs a client certificate.",
    };
  return null;
}

/** Describes refusals of the server by SQLSTATE. Its messages may be in any language, so `routine` tells them apart. */
function describeRefusal(error: Error, code: string): ConnectionProblem | null {
  const routine = "routine" in error ? error.routine : undefined;
  const isRole = routine === "InitializeSessionUserId";
  switch (code) {
    case "28P01":
      return {
        problem: `does not accept the user or the password: ${error.message}`,
        hint: "Check the user in the URL, and the password in PGPASSWORD or ~/.pgpass. A role that does not exist gives the same error.",
      };
    case "28000":
      return isRole
        ? {
            problem: `does not accept the user: ${error.message}`,
            hint: "Check the user in the URL, or create the role: CREATE ROLE <name> LOGIN.",
          }
        : {
            problem: `does not accept this connection: ${error.message}`,
            hint: "If the server requires TLS, add sslmode=verify-full to the URL. Otherwise, add the user, the database and this address to pg_hba.conf.",
          };
    case "3D000":
      return { problem: "does not exist", hint: "Create the database first, for example with createdb." };
    default:
      return null;
  }
}

/** Describes an error that every connection has until someone changes a setting, a role or a file. Null for other errors. */
export function describeConnectionProblem(error: unknown, code: string | undefined): ConnectionProblem | null {
  if (!(error instanceof Error)) return null;
  if (code === undefined) return describeClientProblem(getErrorMessage(error));
  return describeTlsProblem(error, code) ?? describeRefusal(error, code);
}
