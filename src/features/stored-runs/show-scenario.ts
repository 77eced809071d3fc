import type { Command } from "commander";
import { OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import type { CommonFlags } from "../../commands/shared/options.js";
import { resolveIdPrefix, suggestForMissingId } from "../../commands/shared/resolve-id-prefix.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";

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
  const operations = await target.open(flags, "read");
  const id = await resolveIdPrefix(typed, ["workflow_run", "recipient_run"], operations);
  const { readLocalRun } = await import("./read-local-run.js");
  const { buildScenario } = await import("./build-scenario.js");
  const text = await output.showProgress("building the scenario", async () => {
    const run = await readLocalRun(location, id, options);
    return run && buildScenario(run, options);
  });
  if (text === null)
    throw new KnockError("resource_missing", `there is no run "${typed}"`, {
      hint: await suggestForMissingId(typed, "run", operations),
    });
  output.raw(text);
}
