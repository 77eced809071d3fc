import { readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TlsSessionStore } from "../remote/http/transport.js";
import { loadCrypto } from "../util/load-crypto.js";
import { makeFolder } from "../util/make-folder.js";
import { once } from "../util/once.js";
import type { ProcessIO } from "./process-io.js";

/**
 * The certificate of a server is not verified again while its session is resumed, so this is also how long an authority stays
 * trusted that Node.js no longer trusts.
 */
const MAX_AGE_MS = 24 * 60 * 60_000;
/** The variables that choose the authorities that Node.js trusts. */
const TRUST_VARIABLES = ["NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "SSL_CERT_DIR", "SSL_CERT_FILE"];

/** Returns whether only this user and root can write a file. Windows has neither owners nor modes. */
function isPrivate({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

function deleteIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {}
}

/**
 * Replaces a file, so that other processes never read an incomplete one. Only the user can read it. Without the right to write
 * it, the next process negotiates a session again.
 */
function replaceFile(file: string, content: Buffer): void {
  const temporaryPath = `${file}.${process.pid}`;
  try {
    makeFolder(dirname(file), 0o700);
    writeFileSync(temporaryPath, content, { mode: 0o600 });
    renameSync(temporaryPath, file);
  } catch {
    deleteIfPossible(temporaryPath);
  }
}

/**
 * Returns the file in the user's cache folder with the last TLS session with the server of a base URL. Returns undefined if no
 * file may be kept. Each selection of trusted authorities has its own file; `ca` replaces those of Node.js.
 */
export function openTlsSessionFile(
  { cachePrefix, env }: Pick<ProcessIO, "cachePrefix" | "env">,
  baseUrl: string,
  ca: string | null,
): TlsSessionStore | undefined {
  if (cachePrefix === null) return undefined;
  const path = once(() => {
    const trust = [baseUrl, ca, ...TRUST_VARIABLES.map((name) => env[name])];
    return `${cachePrefix}-tls-${loadCrypto().createHash("sha256").update(JSON.stringify(trust)).digest("hex")}`;
  });
  return {
    read() {
      try {
        const stats = statSync(path());
        // Reading a pipe would never end, and a session from another user could make that user's server trusted.
        const isUsable = stats.isFile() && isPrivate(stats) && Date.now() - stats.mtimeMs < MAX_AGE_MS;
        return isUsable ? readFileSync(path()) : null;
      } catch {
        return null; // There is no session, or it cannot be read.
      }
    },
    write: (session) => replaceFile(path(), session),
    delete: () => deleteIfPossible(path()), // If it stays, the next process fails to resume it in the same way.
  };
}
