import type { Command } from "commander";
import { OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import type { CommonFlags } from "../../commands/shared/options.js";
import { resolveIdPrefix, suggestForMissingId } from "../../commands/shared/resolve-id-prefix.js";
import { MAX_CONCURRENT_READS } from "../../comparison/map-concurrently.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";

import { isLocal } from "../../ports/operations.js";
import type { ReproducibleRun } from "./build-scenario.js";

/** The connection for reading an account. A refused request is repeated when the API allows it. */
const ACCOUNT_CONNECTION = { concurrency: MAX_CONCURRENT_READS, retries: 2, onRateLimited: () => {} };

export interface ScenarioFlags extends TargetFlags, Pick<CommonFlags, "json"> {
  asScenario?: boolean;
  keepPersonalData?: boolean;
  expect?: string[];
}

/** Adds the options of `knock runs show` that print a scenario. */
export function addScenarioOptions(show: Command): Command {
  return show
    .optionsGroup(OPTION_GROUPS.output)
    .option("--as-scenario", "print a scenario for `knock test` that reproduces the run, as YAML")
    .option("--keep-personal-data", "show personal data instead of pseudonyms in the scenario");
}

/** Prints a scenario that reproduces a run. Throws `usage`, and `resource_missing` for an unknown run. */
export async function showScenario(typed: string, flags: ScenarioFlags, context: CommandContext): Promise<void> {
  const conflict = flags.json ? "--json" : flags.expect === undefined ? null : "--expect";
  if (conflict !== null)
    throw new KnockError("usage", `--as-scenario cannot be combined with ${conflict}`, {
      hint: `Remove ${conflict}. A scenario is YAML.`,
    });
  const { io, output, project, target } = context;
  const { project: main, location } = await target.locate(flags, true);
  const options = {
    project: (await project.findFiles(flags)) ?? main,
    io,
    warn: (text: string) => output.warn(text),
    keepsPersonalData: flags.keepPersonalData ?? false,
  };
  const operations = await target.open(flags, "read", ACCOUNT_CONNECTION);
  const id = await resolveIdPrefix(typed, ["workflow_run", "recipient_run"], operations);
  const { buildScenario } = await import("./build-scenario.js");
  const readRun = async (setProgress: (text: string) => void): Promise<ReproducibleRun | null> => {
    if (isLocal(operations)) return (await import("./read-local-run.js")).readLocalRun(location, id, options);
    return (await import("./read-account-run.js")).readAccountRun(operations, id, { ...options, setProgress });
  };
  const text = await output.showProgress("building the scenario", async (setProgress) => {
    const run = await readRun(setProgress);
    return run && buildScenario(run, options);
  });
  if (text === null)
    throw new KnockError("resource_missing", `there is no run "${typed}"`, {
      hint: await suggestForMissingId(typed, "run", operations),
    });
  output.raw(text);
}
