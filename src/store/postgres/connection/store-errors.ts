import { getErrorMessage, KnockError } from "../../../errors/knock-error.js";
import { describeConnectionProblem } from "./connection-problems.js";

/** The SQLSTATE of a role without the right to create or change tables. */
export const INSUFFICIENT_PRIVILEGE = "42501";

/** The SQLSTATE of a write in a session that only reads. */
export const READ_ONLY_TRANSACTION = "25006";

const OTHER_STORE_HINT =
  "Use another database with --store, or an empty one: knock needs a database of its own, or a schema: ?schema=knock.";

function createUnusableError(message: string, hint: string, cause?: unknown): KnockError {
  return new KnockError("store_unusable", message, { hint, cause });
}

export function createForeignDatabaseError(location: string): KnockError {
  return createUnusableError(`${location} is the database of another program`, OTHER_STORE_HINT);
}

export function createTooNewError(location: string, needed: number, known: number): KnockError {
  return createUnusableError(
    `the tables of the store ${location} need a newer knock (version ${needed}; this one knows version ${known})`,
    "Update knock, or use another store with --store.",
  );
}

const MIGRATE_HINT = "Run `knock store migrate` with the role that owns the database, then start this command again.";

/** Returns the error for tables of an older version. Version 0 is an empty database. */
export function createTooOldError(location: string, found: number, needed: number): KnockError {
  return createUnusableError(
    found === 0
      ? `the database ${location} is empty and is opened for reading only`
      : `the tables of the store ${location} are older than this knock (version ${found}; this one needs version ${needed})`,
    MIGRATE_HINT,
  );
}

export function createMissingUpdateError(location: string, cause?: unknown): KnockError {
  return createUnusableError(
    `the tables of the store ${location} are missing, or are older than this version of knock`,
    MIGRATE_HINT,
    cause,
  );
}

export function createMissingPartitionError(location: string, cause: unknown): KnockError {
  return createUnusableError(
    `the role of the store ${location} cannot prepare the partition of the next month (${getErrorMessage(cause)}), so rows are added to an older one`,
    "Run `knock store migrate` or `knock prune` every month with the role that owns the tables.",
    cause,
  );
}

export function createOldServerError(location: string, version: string): KnockError {
  return createUnusableError(
    `the store ${location} is on PostgreSQL ${version}, which is too old`,
    "Use PostgreSQL 14 or later.",
  );
}

export function createReadOnlyError(location: string, cause?: unknown): KnockError {
  return createUnusableError(
    `the store ${location} cannot be written, because its server is read-only or a standby`,
    "Use the primary server, or use another store with --store.",
    cause,
  );
}

export function createLostSchemaError(location: string, schema: string, role: string): KnockError {
  return createUnusableError(
    `a pooler before the store ${location} drops the schema of the URL`,
    `Set it for the role: ALTER ROLE ${role} SET search_path = ${schema}.`,
  );
}

export function createRealClockError(): KnockError {
  return new KnockError("not_supported", "a PostgreSQL store has no virtual clock", {
    hint: "Use a local file to move the time: --store <file>.",
  });
}

export function getErrorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

const NETWORK_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT", // a Unix socket that does not exist
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
]);

/** SQLSTATEs of a server that ends or refuses connections: class 08, shutdown, starting up, too many connections. */
const LOST_STATES = /^(08|57P0[123]|53300)/;

/** Messages of the client itself, which have no code. */
const LOST_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout (exceeded|expired)|Query read timeout)/;

/** Returns whether the connection is lost, or was not made. */
export function isConnectionLost(error: unknown): boolean {
  const code = getErrorCode(error);
  if (code !== undefined) return NETWORK_CODES.has(code) || LOST_STATES.test(code);
  return error instanceof Error && LOST_MESSAGES.test(error.message);
}

/** Serialization failure, deadlock, and a statement whose prepared form is older than the tables. */
const REPEATABLE_STATES = new Set(["40001", "40P01", "0A000"]);

/** Returns whether a transaction failed only because of others, and may succeed when it is repeated. */
export function isRepeatable(error: unknown): boolean {
  return REPEATABLE_STATES.has(getErrorCode(error) ?? "");
}

/**
 * The classes of SQLSTATEs that describe the server and not the statement: the transaction, resources, objects in use, operators, the
 * system, its configuration, and internal errors.
 */
const SERVER_STATES = /^(25P0[34]|40|53|55|57|58|F0|XX)/;

function createServerError(location: string, error: unknown): KnockError {
  return createUnusableError(
    `the server of the store ${location} reports an error: ${getErrorMessage(error)} (${getErrorCode(error)})`,
    "Read the server's log, and try again when the server works.",
    error,
  );
}

/** Codes of invalid values (22) and violated constraints (23). Other codes of the server are about the server. */
const VALUE_STATES = /^2[23]...$/;
/** Codes of Node for a wrong use of its functions, which is a bug. Those of TLS are about the connection. */
const NODE_STATES = /^ERR_(?!SSL|TLS)/;

/** Returns whether an error comes from the server or the connection and says nothing about the values that were written. */
export function isTransient(error: unknown): boolean {
  if (error instanceof KnockError || isConnectionLost(error)) return true;
  const code = getErrorCode(error);
  if (code === undefined) return describeConnectionProblem(error, code) !== null;
  return !VALUE_STATES.test(code) && !NODE_STATES.test(code);
}

/** The functions of a server in recovery that refuse writes and unlogged tables. Their SQLSTATEs also have other causes. */
const RECOVERY_ROUTINES = new Set(["get_relation_info", "GetNewTransactionId", "PreventCommandDuringRecovery"]);

function isRecovery(error: unknown): boolean {
  return error instanceof Error && "routine" in error && RECOVERY_ROUTINES.has(String(error.routine));
}

/** Returns the user of a location, which a URL does not have to name. */
const getRole = (location: string): string => decodeURIComponent(/\/\/([^:@/]*)@/.exec(location)?.[1] ?? "");

/** Returns errors of the environment as KnockErrors, and any other error (a bug) unchanged. */
export function translateError(error: unknown, location: string): unknown {
  if (error instanceof KnockError) return error;
  const message = getErrorMessage(error);
  const refusal = describeConnectionProblem(error, getErrorCode(error));
  if (refusal !== null) return createUnusableError(`the store ${location} ${refusal.problem}`, refusal.hint, error);
  if (isConnectionLost(error))
    return new KnockError("unreachable", `the store ${location} is not reachable: ${message || getErrorCode(error)}`, {
      hint: "Check that PostgreSQL is running, and the host, port and network.",
      cause: error,
    });
  if (isRecovery(error)) return createReadOnlyError(location, error);
  switch (getErrorCode(error)) {
    case INSUFFICIENT_PRIVILEGE:
      return createUnusableError(
        `the role ${getRole(location)} of the store ${location} lacks a right: ${message}`,
        "Use the role that owns the tables, or grant rights with `knock store migrate --grant-to`.",
        error,
      );
    case "3F000":
      return createUnusableError(
        `the role ${getRole(location)} of the store ${location} may not use the schema of the tables`,
        "Create the schema, or grant USAGE on it to the role.",
        error,
      );
    case READ_ONLY_TRANSACTION:
      return createReadOnlyError(location, error);
    case "53100":
    case "58030":
      return createUnusableError(
        `the store ${location} could not be written: ${message}`,
        "Check whether the server's disk is full or failing.",
        error,
      );
    case "55P03":
    case "57014":
      return createUnusableError(
        `the store ${location} did not finish in time: ${message}`,
        "Look for long transactions in pg_stat_activity, and for a server under too much load.",
        error,
      );
    case "XX001":
    case "XX002":
      return createUnusableError(`the store ${location} is damaged: ${message}`, OTHER_STORE_HINT, error);
    default:
      return SERVER_STATES.test(getErrorCode(error) ?? "") ? createServerError(location, error) : error;
  }
}

/** Returns an error that repeats the transaction: another one has committed a row that this one checked before. */
export function createConcurrentChangeError(): Error {
  return Object.assign(new Error("another transaction was first"), { code: "40001" });
}
