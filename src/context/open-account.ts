import { KnockError } from "../errors/knock-error.js";
import type { Account } from "../remote/management/account.js";
import { readProxySettings } from "../remote/open-remote.js";
import type { CommandContext } from "./command-context.js";
import { isLoopbackUrl } from "./confirm-live-key.js";
import { readCaFile } from "./open-remote-target.js";
import { describeSettingSource } from "./resolve-settings.js";
import type { TargetFlags } from "./target-flags.js";
import { openTlsSessionFile } from "./tls-session-file.js";

type AccountContext = Pick<CommandContext, "io" | "output" | "settings">;

/** Opens the account that the settings describe. The caller closes it. Throws `authentication` without a service token. */
export async function openAccount(flags: TargetFlags, { io, output, settings }: AccountContext): Promise<Account> {
  const { service_token, management_url, timeout_ms } = await settings.get(flags);
  if (service_token.value === null)
    throw new KnockError("authentication", "no service token for the account", {
      hint: "Set KNOCK_SERVICE_TOKEN, or run `knock auth login` to store a token (knock_st_…).",
    });
  const ca = io.env.KNOCK_CA_FILE ? readCaFile(io.env.KNOCK_CA_FILE, io.cwd) : null;
  const { Account } = await import("../remote/management/account.js");
  return Account.open({
    baseUrl: management_url.value,
    baseUrlSource: describeSettingSource("management_url", management_url.source),
    serviceToken: service_token.value,
    timeoutMs: timeout_ms,
    userAgent: `knock-cli/${io.version}`,
    proxy: readProxySettings(io.env),
    ca,
    tlsSessions: openTlsSessionFile(io, management_url.value, ca),
    signal: io.signal,
    log: output.verbosity.verbose ? (line) => output.note(line) : undefined,
  });
}

/**
 * Asks before an account is changed, unless it is one of this computer or `--yes` is set. Throws `confirmation_needed` if the user
 * declines or standard input is not a terminal.
 */
export async function confirmAccountChange(
  change: string,
  flags: TargetFlags,
  { io, settings }: AccountContext,
): Promise<void> {
  const { management_url } = await settings.get(flags);
  if (flags.yes || isLoopbackUrl(management_url.value)) return;
  const { host } = new URL(management_url.value);
  if (io.stdinIsTerminal && (await io.confirm(`${change} at ${host}?`))) return;
  throw new KnockError("confirmation_needed", `not confirmed: ${change.toLowerCase()} at ${host}`, {
    hint: "Add --yes to continue. Nothing was changed.",
  });
}
