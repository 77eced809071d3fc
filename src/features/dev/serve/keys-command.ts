import type { Command } from "commander";
import { addExamples, addGroupExamples } from "../../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "../../../commands/shared/options.js";
import type { CommandContext } from "../../../context/command-context.js";
import { openStore } from "../../../context/open-store.js";
import type { TargetFlags } from "../../../context/target-flags.js";
import { parseDurationArgument } from "../../../input/parse-time.js";
import { formatTime } from "../../../output/format-time.js";
import { printTable } from "../../../output/print-table.js";
import type { Store } from "../../../ports/store.js";
import {
  createStoredKey,
  type KeyView,
  readStoredKeys,
  revokeStoredKey,
  rotateStoredKey,
  toKeyView,
} from "./stored-keys.js";

type Flags = CommonFlags & TargetFlags;

export function registerKeys(program: Command, context: CommandContext): void {
  const keys = program
    .command("keys")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Create, rotate and revoke API keys of knock serve")
    .description(
      "Create, list, rotate and revoke the API keys that `knock serve` accepts. They belong to the store and to one environment. Only digests are stored, so a key is shown once.",
    );
  registerCreate(keys, context);
  registerList(keys, context);
  registerRotate(keys, context);
  registerRevoke(keys, context);
  addGroupExamples(keys);
}

/** Runs work with the project's store and the name of its environment. */
async function withStore<T>(
  flags: Flags,
  { target }: CommandContext,
  work: (store: Store, environment: string) => Promise<T>,
): Promise<T> {
  const { project, location } = await target.locate(flags);
  const { name } = await project.environment();
  const store = await openStore(location, {});
  try {
    return await work(store, name);
  } finally {
    await store.close();
  }
}

/** Prints a key with its secret. With `--quiet`, only the secret. */
function printIssuedKey({ key, view }: { key: string; view: KeyView }, { output }: CommandContext): void {
  if (output.verbosity.json) return output.json({ ...view, key });
  output.line(key);
  output.note(`${view.id}: ${view.kind} key of ${view.environment}. It is shown only now.`);
  if (view.previous_valid_until !== null)
    output.note(`The previous key is valid until ${formatTime(view.previous_valid_until, output.errorZone)}.`);
}

function registerCreate(keys: Command, context: CommandContext): void {
  const command = keys
    .command("create")
    .description("Create a key of the environment and print it once")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--public", "create a public key, for pages and apps of signed-in users")
    .option("--name <name>", "give the key a name, such as the service that uses it", "");
  const examples = ["knock keys create --name orders", "knock keys create --public"];
  addExamples(addCommonOptions(addProjectOptions(command), undefined, QUIET_KEY), examples).action(
    async (flags: Flags & { public?: boolean; name: string }) => {
      const kind = flags.public ? "public" : "secret";
      const issued = await withStore(flags, context, (store, environment) =>
        createStoredKey(store, { name: flags.name, kind, environment }, context.now()),
      );
      printIssuedKey(issued, context);
    },
  );
}

const QUIET_KEY = { quiet: "print only the key" };

function registerList(keys: Command, context: CommandContext): void {
  const command = keys.command("list", { isDefault: true }).description("List the keys of all environments");
  const options = addCommonOptions(addProjectOptions(command), undefined, { quiet: "print only IDs" });
  addExamples(options, ["knock keys list"]).action(async (flags: Flags) => {
    const { output } = context;
    const items = (await withStore(flags, context, readStoredKeys)).map(toKeyView);
    if (output.verbosity.json) return output.json({ items });
    if (output.verbosity.quiet) return output.lines(items.map(({ id }) => id));
    if (items.length === 0) return output.note("no keys: run `knock keys create`");
    printTable(
      ["KEY", "NAME", "KIND", "ENVIRONMENT", "ENDS IN", "CREATED", "STATE"],
      items.map(({ id, name, kind, environment, ending, created_at, revoked_at }) => [
        ...[id, name, kind, environment, `…${ending}`, formatTime(created_at, output.zone)],
        revoked_at === null ? "valid" : `revoked ${formatTime(revoked_at, output.zone)}`,
      ]),
      output,
    );
  });
}

function registerRotate(keys: Command, context: CommandContext): void {
  const command = keys
    .command("rotate")
    .argument("<id>", "the ID of the key")
    .description("Replace a key. The previous one stays valid for the time of --keep")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--keep <duration>", "keep the previous key valid for this time; 0s revokes it now", "1d");
  const examples = ["knock keys rotate key_0a1b2c3d4e5f", "knock keys rotate key_0a1b2c3d4e5f --keep 0s"];
  addExamples(addCommonOptions(addProjectOptions(command), undefined, QUIET_KEY), examples).action(
    async (id: string, flags: Flags & { keep: string }) => {
      const validForMs = parseDurationArgument(flags.keep, "--keep");
      const rotate = (store: Store) => rotateStoredKey(store, id, { validForMs, now: context.now() });
      printIssuedKey(await withStore(flags, context, rotate), context);
    },
  );
}

function registerRevoke(keys: Command, context: CommandContext): void {
  const command = keys
    .command("revoke")
    .argument("<id>", "the ID of the key")
    .description("Revoke a key. Servers reject it within 2 seconds");
  const options = addCommonOptions(addProjectOptions(command), undefined, { quiet: "print nothing" });
  addExamples(options, ["knock keys revoke key_0a1b2c3d4e5f"]).action(async (id: string, flags: Flags) => {
    const { output } = context;
    const view = await withStore(flags, context, (store) => revokeStoredKey(store, id, context.now()));
    if (output.verbosity.json) return output.json(view);
    if (!output.verbosity.quiet) output.line(`${output.colors.green("✓")} ${id} revoked`);
  });
}
