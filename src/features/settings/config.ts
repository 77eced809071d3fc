import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addTargetSelection, type CommonFlags } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { ProfileChange } from "../../context/credentials.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { describeInvalidAddress, describeInvalidPattern } from "../../domain/recipient/recipient-pattern.js";
import { parseBaseUrl } from "../../domain/request/parse-base-url.js";
import { KnockError } from "../../errors/knock-error.js";
import { printTable } from "../../output/print-table.js";
import { didYouMean } from "../../util/find-nearest.js";
import { listSettings } from "./describe-settings.js";

/** The settings that `knock config set` writes to a profile. */
const WRITABLE = [
  ...(["target", "base_url", "management_url", "branch", "profile"] as const),
  ...(["recipients.allow", "recipients.redirect"] as const),
] as const;
const READABLE = [
  ...["target", "base_url", "api_key", "management_url", "service_token", "branch", "profile", "store", "environment"],
  ...["recipients.allow", "recipients.redirect"],
];

/** Returns the change of a profile for a setting. An empty value removes the setting. */
function toProfileChange(setting: Exclude<(typeof WRITABLE)[number], "profile">, value: string): ProfileChange {
  if (setting === "recipients.redirect") return { recipients: { redirect: parseRedirect(value) } };
  if (setting === "recipients.allow") return { recipients: { allow: parsePatterns(value) } };
  if ((setting === "base_url" || setting === "management_url") && value !== "") parseBaseUrl(value, setting);
  if (setting === "branch" && value !== "") checkBranch(value);
  return { [setting]: value === "" ? null : value };
}

/** Throws `usage` for a text that cannot be sent as the API's header. */
function checkBranch(value: string): void {
  if (/^[!-~]+$/.test(value)) return;
  throw new KnockError("usage", `branch: ${JSON.stringify(value)} is not a branch`, {
    hint: "Use the slug of a branch: ASCII characters without spaces, such as shorter-emails.",
  });
}

function parseRedirect(value: string): string | null {
  const message = value === "" ? null : describeInvalidAddress(value);
  if (message !== null)
    throw new KnockError("usage", `recipients.redirect: ${message}`, {
      hint: "For example: `knock config set recipients.redirect me@example.com`.",
    });
  return value === "" ? null : value;
}

function parsePatterns(value: string): string[] | null {
  if (value === "") return null;
  const patterns = value.split(",").map((pattern) => pattern.trim());
  const message = patterns.map(describeInvalidPattern).find((text) => text !== null);
  if (message !== undefined)
    throw new KnockError("usage", `recipients.allow: ${message}`, {
      hint: "For example: `knock config set recipients.allow '*@example.com, user:qa-*'`.",
    });
  return patterns;
}

export function registerConfig(program: Command, context: CommandContext): void {
  const config = program
    .command("config")
    .helpGroup(COMMAND_GROUPS.settings)
    .summary("Show and change settings")
    .description(
      "Show and change settings. A flag takes precedence over an environment variable, then knock.json, the profile and the default.",
    );

  const list = config
    .command("list", { isDefault: true })
    .description("List effective settings and where each comes from");
  addExamples(
    addCommonOptions(addTargetSelection(list), undefined, { quiet: "print only the names of the settings" }),
    ["knock config list"],
  );
  list.action(async (flags: CommonFlags & TargetFlags) => {
    const items = listSettings(await context.settings.get(flags));
    const { output } = context;
    if (output.verbosity.json) return output.json({ items });
    if (output.verbosity.quiet) return output.lines(items.map(({ name }) => name));
    printTable(
      ["SETTING", "VALUE", "FROM"],
      items.map((item) => [item.name, item.value ?? "–", item.source]),
      output,
    );
  });

  const get = config.command("get").argument("<setting>", READABLE.join(", ")).description("Show an effective setting");
  addExamples(addCommonOptions(addTargetSelection(get)), ["knock config get target"]);
  get.action(async (name: string, flags: CommonFlags & TargetFlags) => {
    const setting = listSettings(await context.settings.get(flags)).find((item) => item.name === name);
    if (setting === undefined)
      throw new KnockError("usage", `there is no setting "${name}"`, { hint: didYouMean(name, READABLE, "Settings") });
    if (context.output.verbosity.json) context.output.json(setting);
    else context.output.line(setting.value ?? "");
  });

  const set = config
    .command("set")
    .argument("<setting>", WRITABLE.join(", "))
    .argument("<value>", 'the value, or "" to remove the setting')
    .description(
      "Write a setting to your profile (--profile, or the default profile). The setting `profile` selects the default profile.",
    )
    .optionsGroup(OPTION_GROUPS.profile)
    .option("--profile <name>", "write to this profile (default: the default profile)");
  addExamples(addCommonOptions(set), [
    "knock config set target remote",
    "knock config set recipients.allow '*@example.com, user:qa-*'",
  ]);
  set.action(async (name: string, value: string, flags: CommonFlags & { profile?: string }) => {
    const setting = WRITABLE.find((writable) => writable === name);
    if (setting === undefined) {
      throw new KnockError("usage", `"${name}" cannot be set`, {
        hint:
          name === "api_key" || name === "service_token"
            ? "Run `knock auth login` to store a key or a service token."
            : didYouMean(name, WRITABLE, "Settings"),
      });
    }
    if (setting === "target" && !["local", "remote", ""].includes(value))
      throw new KnockError("usage", `target: ${JSON.stringify(value)} is not a target`, {
        hint: "Use local or remote.",
      });
    const { credentials } = context;
    let place = "";
    if (setting === "profile") await credentials.writeDefaultProfileName(value === "" ? null : value);
    else {
      const defaultName = credentials.readDefaultProfileName();
      const profile = flags.profile ?? defaultName ?? "default";
      await credentials.writeProfile(profile, toProfileChange(setting, value));
      if (defaultName === null) await credentials.writeDefaultProfileName(profile);
      place = ` (${defaultName === null ? "new default profile" : "profile"} ${JSON.stringify(profile)})`;
    }
    if (context.output.verbosity.json) context.output.json({ name, value: value === "" ? null : value });
    else {
      const change = value === "" ? "removed" : `= ${value}`;
      context.output.line(`${context.output.colors.green("✓")} ${name} ${change}${place}`);
    }
  });

  const path = config.command("path").description("Show the path of the profiles file");
  addExamples(addCommonOptions(path), ["knock config path"]);
  path.action(() => {
    const { path: file } = context.credentials;
    if (context.output.verbosity.json) context.output.json({ path: file });
    else context.output.line(file);
  });
}
