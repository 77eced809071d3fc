import { type Command, Option } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, type CommonFlags } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { openAccount } from "../../context/open-account.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";
import { readAllStdin } from "../../input/input-source.js";
import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import { describeKey, describeServiceToken, listProfiles } from "./describe-settings.js";
import type { EffectiveKey, Profile } from "./settings-schemas.js";

const DEFAULT_PROFILE = "default";

interface AuthFlags extends CommonFlags {
  profile?: string;
  apiKey?: string;
  baseUrl?: string;
  managementUrl?: string;
  branch?: string;
  withToken?: boolean;
  /** The former name of --with-token. */
  withKey?: boolean;
  check?: boolean;
}

export function registerAuth(program: Command, context: CommandContext): void {
  const auth = program
    .command("auth")
    .helpGroup(COMMAND_GROUPS.settings)
    .summary("Store API keys and service tokens in profiles")
    .description("Store API keys and service tokens in profiles that only you can read.");

  const login = auth
    .command("login")
    .description(
      "Store an API key, or a service token for `plan`, `pull` and `push`, in a profile. A profile can have both. In a terminal, the command asks without showing the input.",
    )
    .optionsGroup(OPTION_GROUPS.profile)
    .option("--profile <name>", "write this profile", DEFAULT_PROFILE)
    .option("--with-token", "read the key or service token from standard input")
    .addOption(new Option("--with-key", "read the key from standard input").hideHelp())
    .option("--api-key <key>", "store this API key (it will appear in your shell history; prefer --with-token)")
    .option("--base-url <url>", "store the base URL of the API")
    .option("--management-url <url>", "store the base URL of the management API")
    .option("--branch <slug>", "store the branch")
    .option("--check", "check the key or token with the API before storing it");
  addExamples(addCommonOptions(login), [
    "knock auth login",
    'echo "$KNOCK_API_KEY" | knock auth login --with-token --profile staging',
  ]);
  login.action(async (flags: AuthFlags) => {
    const name = flags.profile ?? DEFAULT_PROFILE;
    const key = await readKey(flags, context);
    const { credentials } = context;
    const known = listProfiles(credentials).find((profile) => profile.name === name);
    const isToken = isServiceToken(key);
    if (flags.check && isToken)
      await checkNewToken(key, flags.managementUrl ?? known?.management_url ?? undefined, context);
    else if (flags.check) await checkNewKey(key, flags.baseUrl ?? known?.base_url ?? undefined, context);
    await credentials.writeProfile(name, {
      ...(isToken ? { service_token: key } : { api_key: key }),
      ...(flags.managementUrl ? { management_url: flags.managementUrl } : {}),
      ...(flags.baseUrl ? { base_url: flags.baseUrl } : {}),
      ...(flags.branch ? { branch: flags.branch } : {}),
    });
    const becomesDefault = credentials.readDefaultProfileName() === null;
    if (becomesDefault) await credentials.writeDefaultProfileName(name);
    const { output } = context;
    const checked = flags.check ?? false;
    if (output.verbosity.json) output.json({ profile: name, path: credentials.path, checked });
    else
      output.line(
        `${output.colors.green("✓")} ${isToken ? "service token" : "key"} ${checked ? "accepted by the API and " : ""}stored in profile "${name}" (${credentials.path})${becomesDefault && name !== DEFAULT_PROFILE ? "; commands without --profile use it" : ""}`,
      );
  });

  const logout = auth
    .command("logout")
    .description("Delete a profile. Its recipient guard stays.")
    .optionsGroup(OPTION_GROUPS.profile)
    .option("--profile <name>", "delete this profile", DEFAULT_PROFILE);
  addExamples(addCommonOptions(logout), ["knock auth logout --profile staging"]);
  logout.action(async (flags: AuthFlags) => {
    const name = flags.profile ?? DEFAULT_PROFILE;
    const deleted = await context.credentials.deleteProfile(name);
    const { output } = context;
    if (output.verbosity.json) return output.json({ profile: name, deleted: deleted !== "missing" });
    if (deleted === "missing") return output.line(`there is no profile "${name}"`);
    const kept =
      deleted === "guard_kept"
        ? ', except its recipient guard. To remove it, use `knock config set` with "" for recipients.allow and recipients.redirect'
        : "";
    output.line(`${output.colors.green("✓")} profile "${name}" deleted${kept}`);
  });

  const status = auth
    .command("status")
    .description("Show the API key and service token in use and where they come from, and list profiles")
    .optionsGroup(OPTION_GROUPS.profile)
    .option("--profile <name>", "show the key that commands use with this profile")
    .option("--api-key <key>", "show this key instead of the stored one")
    .option("--base-url <url>", "use this base URL of the API")
    .option("--check", "ask the API whether it accepts the key, with a request that changes nothing");
  addExamples(addCommonOptions(status), ["knock auth status", "knock auth status --profile staging"]);
  status.action((flags: AuthFlags) => showStatus(flags, context));
}

const KEY_SOURCES: Partial<Record<EffectiveKey["source"], string>> = {
  flag: "from --api-key",
  environment: "from KNOCK_API_KEY",
};

const TOKEN_SOURCES: Partial<Record<EffectiveKey["source"], string>> = {
  flag: "from --service-token",
  environment: "from KNOCK_SERVICE_TOKEN",
};

/** Prints the key and the token in use, and the profiles. Sends a request only with `--check`. Throws its error after the output. */
async function showStatus({ profile, apiKey, baseUrl, check }: AuthFlags, context: CommandContext): Promise<void> {
  const { output } = context;
  const flags = { profile, apiKey, baseUrl, target: "remote" };
  const settings = await context.settings.get(flags);
  const key = describeKey(settings);
  const service_token = describeServiceToken(settings);
  const error = check ? await findKeyError(flags, context) : null;
  const items = listProfiles(context.credentials);
  if (output.verbosity.json) output.json({ key, service_token, accepted: check ? error === null : null, items });
  else {
    if (key !== null) {
      const source = KEY_SOURCES[key.source] ?? `from profile "${key.profile}"`;
      const checked = check && error === null ? ", accepted by the API" : "";
      output.line(`${key.mode} key ${key.api_key} ${source} for ${key.base_url}${checked}`);
    }
    if (service_token !== null) {
      const source = TOKEN_SOURCES[service_token.source] ?? `from profile "${service_token.profile}"`;
      output.line(`service token ${service_token.service_token} ${source} for ${service_token.management_url}`);
    }
    printProfiles(items, output);
  }
  if (error !== null) throw error;
}

function printProfiles(items: readonly Profile[], output: Output): void {
  if (items.length === 0) return output.line(output.nameCommand("no profiles: run `knock auth login` to create one"));
  printTable(
    ["PROFILE", "KEY", "BASE URL", "SERVICE TOKEN", "MANAGEMENT URL", "BRANCH", "TARGET"],
    items.map((profile) => [
      `${profile.name}${profile.is_default ? " (default)" : ""}`,
      profile.api_key ?? "",
      profile.base_url ?? "",
      profile.service_token ?? "",
      profile.management_url ?? "",
      profile.branch ?? "",
      profile.target ?? "",
    ]),
    output,
  );
}

async function readKey(flags: AuthFlags, context: CommandContext): Promise<string> {
  const raw =
    flags.apiKey ??
    (flags.withToken || flags.withKey
      ? await readAllStdin(context.input, flags.withToken ? "--with-token" : "--with-key")
      : await context.askSecret("API key: "));
  const key = raw?.trim() ?? "";
  if (key === "")
    throw new KnockError("usage", "no API key given", {
      hint: "Type it on a terminal, or pipe it in: knock auth login --with-token < key.txt.",
    });
  if (/\s/.test(key))
    throw new KnockError("usage", "an API key contains no white space", {
      hint: "Check that you copied only the key.",
    });
  checkKeyFormat(key);
  return key;
}

/** Throws `usage` for text that cannot be an API key. The text is a secret, so it is never part of the error. */
function checkKeyFormat(key: string): void {
  if (/^(sk|pk|knock_st)_[\w-]+$/.test(key)) return;
  const message = /^(sk|pk|knock_st)_/.test(key)
    ? "a key has only letters, digits, - and _ after sk_, pk_ or knock_st_"
    : "an API key starts with sk_ (secret) or pk_ (public), and a service token with knock_st_";
  const hint = /^["'`]/.test(key)
    ? "Remove the quotes around the key."
    : "Copy the key from the dashboard, under Developers > API keys, or the token under Settings > Service tokens.";
  throw new KnockError("usage", message, { hint });
}

const isServiceToken = (key: string): boolean => key.startsWith("knock_st_");

/** Checks a service token before it is stored. Throws `authentication` for an unknown token, and other errors of requests. */
async function checkNewToken(
  serviceToken: string,
  managementUrl: string | undefined,
  context: CommandContext,
): Promise<void> {
  const account = await openAccount({ serviceToken, managementUrl }, context);
  try {
    await account.readIdentity();
  } catch (error) {
    if (error instanceof KnockError) throw error.copyWith({ hint: `Nothing was stored. ${error.hint ?? ""}`.trim() });
    throw error;
  } finally {
    await account.close();
  }
}

/** Asks the API whether it accepts the key, with a request that changes nothing. Returns the error, or null. */
async function findKeyError(flags: TargetFlags, context: CommandContext): Promise<KnockError | null> {
  try {
    await (await context.target.open(flags, "read")).listMessages({}, { limit: 1 });
    return null;
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    // The key is known but may not list messages, for example because it is a public key (A-005).
    return error.code === "not_allowed" ? null : error;
  }
}

/** Checks a key before it is stored. Throws `authentication` for an unknown key, and other errors of API requests. */
async function checkNewKey(key: string, baseUrl: string | undefined, context: CommandContext): Promise<void> {
  const error = await findKeyError({ target: "remote", apiKey: key, baseUrl }, context);
  if (error === null) return;
  throw error.copyWith({ hint: `Nothing was stored.${error.hint === undefined ? "" : ` ${error.hint}`}` });
}
