import { resolve } from "node:path";
import type { ApiRequest } from "../domain/trigger/api-request.js";
import { KnockError } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import type { Operations } from "../ports/operations.js";
import { openRemote, readProxySettings } from "../remote/open-remote.js";
import { readTextFile } from "../util/text-file.js";
import { confirmLiveKey, isLiveKey } from "./confirm-live-key.js";
import type { ProcessIO } from "./process-io.js";
import { describeSettingSource, type Settings } from "./resolve-settings.js";
import type { BulkConnection, TargetAccess, TargetFlags } from "./target-flags.js";
import { openTlsSessionFile } from "./tls-session-file.js";

const MAX_BYTES = 10 * 1024 * 1024;

/** Returns the certificates of `KNOCK_CA_FILE` in PEM. Throws `usage` if the file cannot be read or contains none. */
export function readCaFile(path: string, cwd: string): string {
  const result = readTextFile(resolve(cwd, path), MAX_BYTES, { onlyRegular: true });
  if ("error" in result) throw createError(`${path} ${result.error}`);
  if (result.text.includes("-----BEGIN CERTIFICATE-----")) return result.text;
  throw createError(`${path} contains no certificate in the PEM format`);
}

function createError(problem: string): KnockError {
  return new KnockError("usage", `KNOCK_CA_FILE: ${problem}`, {
    hint: "Name a file that contains the certificate of the authority that signed the API's certificate.",
  });
}

/** Returns the check of the configured recipient guards, or undefined. Its module is loaded only if there is a guard. */
export async function loadRequestGuard({
  recipientGuards,
}: Pick<Settings, "recipientGuards">): Promise<((request: ApiRequest) => void) | undefined> {
  if (recipientGuards.length === 0) return undefined;
  const { createRequestGuard } = await import("../domain/trigger/recipient-guard.js");
  return createRequestGuard(recipientGuards);
}

/** Throws for a request that changes something, because the user was not asked to confirm it. */
function refuseWrite({ method, path }: ApiRequest): void {
  if (method !== "GET") throw new Error(`a command that only reads must not send ${method} ${path}`);
}

/**
 * Opens the API as the settings describe it, and adds it to the operations to close. Writing with a live key needs
 * `--yes` or a confirmation.
 */
export async function openRemoteTarget(
  flags: TargetFlags,
  settings: Settings,
  io: ProcessIO,
  output: Output,
  {
    opened,
    access,
    connection,
  }: { opened: Operations[]; access: TargetAccess; connection?: BulkConnection | undefined },
): Promise<Operations> {
  const apiKey = settings.api_key.value;
  if (apiKey === null) {
    throw new KnockError("authentication", "no API key for the remote target", {
      hint: "Set KNOCK_API_KEY, or run `knock auth login` to store a key.",
    });
  }
  if (flags.store !== undefined) output.warnOnce("--store has no effect on the remote target");
  const { redirect, recipientGuards } = settings;
  if (redirect.value !== null && recipientGuards.length === 0)
    output.warnOnce(
      "recipients.redirect has no effect on the remote target: add recipients.allow to limit which recipients it reaches",
    );
  const ca = io.env.KNOCK_CA_FILE ? readCaFile(io.env.KNOCK_CA_FILE, io.cwd) : null;
  const remote = openRemote({
    baseUrl: settings.base_url.value,
    baseUrlSource: describeSettingSource("base_url", settings.base_url.source),
    apiKey,
    branch: settings.branch.value,
    timeoutMs: settings.timeout_ms,
    userAgent: `knock-cli/${io.version}`,
    proxy: readProxySettings(io.env),
    ca,
    tlsSessions: openTlsSessionFile(io, settings.base_url.value, ca),
    ...connection,
    signal: io.signal,
    log: output.verbosity.verbose ? (line) => output.note(line) : undefined,
    guardRequest: access === "read" ? refuseWrite : await loadRequestGuard(settings),
    loadResources: () => import("../remote/resources/create-remote-resources.js"),
  });
  opened.push(remote);
  // At this point an invalid base URL has been rejected, and no request has been sent.
  if (access === "write" && isLiveKey(apiKey, settings.base_url.value) && !flags.yes)
    await confirmLiveKey(settings.base_url.value, io);
  return remote;
}
