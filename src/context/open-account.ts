import { KnockError } from "../errors/knock-error.js";
import type { Account } from "../remote/management/account.js";
import { readProxySettings } from "../remote/open-remote.js";
import type { CommandContext } from "./command-context.js";
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
