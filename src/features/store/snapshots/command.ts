import { rmSync } from "node:fs";
import type { Command } from "commander";
import { addExamples } from "../../../commands/shared/examples.js";
import { OPTION_GROUPS } from "../../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "../../../commands/shared/options.js";
import { parsePositive } from "../../../commands/shared/parse-number.js";
import type { CommandContext } from "../../../context/command-context.js";
import { type TargetFlags, toLocalFlags } from "../../../context/target-flags.js";
import type { SnapshotDiff } from "./diff-schema.js";
import { SnapshotFolder } from "./snapshot-folder.js";

type SnapshotFlags = CommonFlags & TargetFlags & { force?: boolean };

const [DEFAULT_LIMIT, MAX_LIMIT] = [20, 10_000];
const NAME = "the snapshot's name";

/** Adds `knock store snapshot`. */
export function registerSnapshot(store: Command, context: CommandContext): void {
  const group = store
    .command("snapshot")
    .summary("Save, restore and compare snapshots of a store")
    .description(
      "Save all data of a local store with its clock under a name, go back to it, or compare it with the data now. Snapshots are files in a folder beside the store. A PostgreSQL store has none: use pg_dump.",
    );
  registerSave(group, context);
  registerList(group, context);
  registerRestore(group, context);
  registerDiff(group, context);
  registerDelete(group, context);
}

const addOptions = (command: Command, details: string | undefined, examples: readonly string[]): Command =>
  addExamples(addCommonOptions(addProjectOptions(command), details, { quiet: "print nothing" }), examples);

async function openFolder({ target }: CommandContext, flags: TargetFlags): Promise<SnapshotFolder> {
  return new SnapshotFolder((await target.locate(toLocalFlags(flags))).location);
}

function registerSave(group: Command, context: CommandContext): void {
  const command = group
    .command("save")
    .argument("<name>", NAME)
    .summary("Save a snapshot of the store")
    .description("Save a snapshot of the store. Other processes, such as `knock dev`, can use the store as before.")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--force", "replace a snapshot with the same name");
  addOptions(command, "the file of the snapshot", [
    "knock store snapshot save before-import",
    "knock store snapshot save baseline --force",
  ]).action(async (name: string, flags: SnapshotFlags) => {
    const { output, signal } = context;
    const folder = await openFolder(context, flags);
    const file = folder.getFile(name);
    const { saveSnapshot } = await import("./save-snapshot.js");
    const replaced = await output.showProgress("saving", (setText) =>
      saveSnapshot(
        folder,
        { name, file },
        {
          isForced: flags.force ?? false,
          onProgress: (share) => setText(`saving: ${Math.floor(share * 100)}%`),
          signal,
        },
      ),
    );
    const { readSnapshot } = await import("./read-snapshots.js");
    const { printSavedSnapshot } = await import("./print-snapshots.js");
    printSavedSnapshot({ ...(await readSnapshot(folder, name)), replaced }, output);
  });
}

function registerList(group: Command, context: CommandContext): void {
  const command = group.command("list").description("List the snapshots of the store");
  addExamples(addCommonOptions(addProjectOptions(command), undefined, { quiet: "print only names" }), [
    "knock store snapshot list",
  ]).action(async (flags: SnapshotFlags) => {
    const folder = await openFolder(context, flags);
    const { listSnapshots } = await import("./read-snapshots.js");
    const { printSnapshots } = await import("./print-snapshots.js");
    printSnapshots(await listSnapshots(folder), context.output);
  });
}

function registerRestore(group: Command, context: CommandContext): void {
  const command = group
    .command("restore")
    .argument("<name>", NAME)
    .summary("Replace the data of the store by a snapshot")
    .description(
      "Replace all data of the store by a snapshot, with its clock, in one transaction. A clock that runs continues from the present time. First stop all processes that use the store.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--force", "restore it even if another process has the store open");
  addOptions(command, "the file of the store", ["knock store snapshot restore baseline"]).action(
    async (name: string, flags: SnapshotFlags) => {
      const folder = await openFolder(context, flags);
      const { restoreSnapshot } = await import("./restore-snapshot.js");
      const { readSnapshot } = await import("./read-snapshots.js");
      const { printRestoredSnapshot } = await import("./print-snapshots.js");
      await context.output.showProgress("restoring", () => restoreSnapshot(folder, name, flags.force ?? false));
      printRestoredSnapshot({ ...(await readSnapshot(folder, name)), store: folder.location }, context.output);
    },
  );
}

function registerDiff(group: Command, context: CommandContext): void {
  const command = group
    .command("diff")
    .argument("<name>", NAME)
    .argument("[other]", "another snapshot (default: the store as it is now)")
    .summary("List what differs between a snapshot and the store")
    .description(
      "List the users, preferences, runs and messages that differ between a snapshot and the store as it is now, or another snapshot.",
    )
    .optionsGroup(OPTION_GROUPS.selection)
    .option(
      "--limit <n>",
      `list up to this number of differences of each kind, 1 to ${MAX_LIMIT}`,
      String(DEFAULT_LIMIT),
    );
  addOptions(command, undefined, [
    "knock store snapshot diff baseline",
    "knock store snapshot diff baseline --limit 100",
  ]).action(async (name: string, other: string | undefined, flags: SnapshotFlags & { limit: string }) => {
    const limit = parsePositive("--limit", flags.limit, { isInteger: true, max: MAX_LIMIT, example: DEFAULT_LIMIT });
    const folder = await openFolder(context, flags);
    const { diffSnapshots } = await import("./diff-snapshots.js");
    const { printSnapshotDiff } = await import("./print-snapshot-diff.js");
    const compare = (): Promise<SnapshotDiff> => diffSnapshots(folder, name, other ?? null, limit);
    printSnapshotDiff(await context.output.showProgress("comparing", compare), context.output);
  });
}

function registerDelete(group: Command, context: CommandContext): void {
  const command = group.command("delete").argument("<name>", NAME).description("Delete a snapshot");
  addOptions(command, undefined, ["knock store snapshot delete baseline"]).action(
    async (name: string, flags: SnapshotFlags) => {
      const folder = await openFolder(context, flags);
      rmSync(folder.find(name));
      const { printDeletedSnapshot } = await import("./print-snapshots.js");
      printDeletedSnapshot(name, context.output);
    },
  );
}
