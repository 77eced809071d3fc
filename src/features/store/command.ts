import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags, collectValues } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { formatStoreLocation, isPostgresLocation, resolveLocation } from "../../context/store-location.js";
import { type TargetFlags, toLocalFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";
import { escapeToOneLine } from "../../output/escape-controls.js";
import type { Output } from "../../output/output.js";
import { formatNumber } from "../../util/format-count.js";
import { registerSnapshot } from "./snapshots/command.js";
import type { StoreCopy } from "./store-schema.js";

/** Prints how many rows were copied; with --verbose, also the digest of each table. */
function printStoreCopy(copy: StoreCopy, output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json(copy);
  if (verbosity.quiet) return;
  const rows = `${formatNumber(copy.rows)} ${copy.rows === 1 ? "row" : "rows"}`;
  output.line(`${colors.green("✓")} copied ${rows} from ${escapeToOneLine(copy.from)} to ${escapeToOneLine(copy.to)}`);
  const tables = copy.tables.filter((table) => table.rows > 0 || verbosity.verbose);
  const width = Math.max(0, ...tables.map(({ table }) => table.length));
  for (const { table, rows: count, digest } of tables)
    output.line(`  ${table.padEnd(width)}  ${formatNumber(count)}${verbosity.verbose ? `  ${digest}` : ""}`);
}

function printMigratedStore(store: string, grants: readonly string[], output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json({ store, ...(grants.length === 0 ? {} : { grants }) });
  if (verbosity.quiet) return;
  output.line(`${colors.green("✓")} the tables of ${escapeToOneLine(store)} are up to date`);
  if (grants.length > 0) output.line(`${colors.green("✓")} ${grants.length} grants`);
}

export function registerStore(program: Command, context: CommandContext): void {
  const store = program
    .command("store")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Copy a store, update its tables, or save and restore snapshots")
    .description("Copy a store, update its tables, or save and restore snapshots. `knock help store` explains stores.");
  registerCopy(store, context);
  registerMigrate(store, context);
  registerSnapshot(store, context);
}

function registerCopy(store: Command, { io, output }: CommandContext): void {
  const command = store
    .command("copy")
    .summary("Copy a store to an empty one")
    .description(
      "Copy all data of a store to an empty one, in one transaction. Then compare counts and digests of both. First stop all processes that use the source store.",
    )
    .optionsGroup(OPTION_GROUPS.selection)
    .requiredOption("--from <location>", "read this store: a file or postgres://…")
    .requiredOption("--to <location>", "write to this store: a new file or an empty database, postgres://…");
  addExamples(
    addCommonOptions(command, "empty tables and the digest of each table", { quiet: "print nothing" }),
    ({ storeFile }) => [
      `knock store copy --from ${storeFile} --to copy.db`,
      `knock store copy --from ${storeFile} --to postgres://knock@localhost/knock`,
    ],
  );
  command.action(async ({ from, to }: CommonFlags & { from: string; to: string }) => {
    const { copyStore } = await import("./copy-store.js");
    const source = resolveLocation(from, io.cwd, io.env);
    const target = resolveLocation(to, io.cwd, io.env);
    const copy = await output.showProgress("copying", (setText) => copyStore(source, target, setText));
    printStoreCopy(copy, output);
  });
}

/** Creates or updates the tables of the store at a location. */
async function migrateStore(location: string, grants: readonly string[]): Promise<string[]> {
  if (isPostgresLocation(location)) {
    const { migratePostgresStore } = await import("../../store/postgres/open-postgres-store.js");
    return migratePostgresStore(location, grants);
  }
  const { openStore } = await import("../../context/open-store.js");
  await (await openStore(location)).close();
  return [];
}

type MigrateFlags = CommonFlags & TargetFlags & { printGrants?: boolean; grantTo?: string[] };

async function printGrants(location: string, output: Output): Promise<void> {
  const { listStoreGrants } = await import("../../store/postgres/open-postgres-store.js");
  const grants = await listStoreGrants(location);
  if (output.verbosity.json) output.json({ store: formatStoreLocation(location), grants });
  else output.lines(grants.map((grant) => `${grant};`));
}

function registerMigrate(store: Command, { target, output }: CommandContext): void {
  const command = store
    .command("migrate")
    .summary("Create or update the tables of the store")
    .description(
      "Create or update the tables of the project's store. Run it after an update of knock, if the store is a PostgreSQL database: until then, newer commands refuse to use it. Other commands then need only a role that can read and write rows. A store in a file needs no such step: the first command that opens it updates it.",
    );
  command
    .optionsGroup(OPTION_GROUPS.database)
    .option(
      "--print-grants",
      "print SQL that grants rights to the roles of the API, workers and readers; change nothing",
    )
    .option(
      "--grant-to <use=role>",
      "give a role the rights for api, worker or reader, such as worker=knock_worker; repeatable",
      collectValues,
    );
  addExamples(addCommonOptions(addProjectOptions(command), undefined, { quiet: "print nothing" }), [
    "knock store migrate",
    "knock store migrate --store postgres://admin@localhost/knock",
    "knock store migrate --store postgres://admin@localhost/knock --grant-to worker=knock_worker",
  ]);
  command.action(async (flags: MigrateFlags) => {
    const { location } = await target.locate(toLocalFlags(flags));
    const { printGrants: isPrint = false, grantTo = [] } = flags;
    if ((isPrint || grantTo.length > 0) && !isPostgresLocation(location))
      throw new KnockError("not_supported", "a store in a file has no roles", {
        hint: "Use a database: --store postgres://….",
      });
    if (isPrint) return printGrants(location, output);
    const grants = await migrateStore(location, grantTo);
    printMigratedStore(formatStoreLocation(location), grants, output);
  });
}
