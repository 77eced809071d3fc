import type { Command } from "commander";
import { formatAdvancedRun, warnBlockedOccurrence } from "../output/print-clock.js";
import type { AdvancedRun } from "../ports/operations.js";
import type { CommandContext } from "./context.js";
import type { TargetFlags } from "./services.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "./shared/options.js";

/** Interval between checks for due work. Other processes may add due work at any time without a notification. */
const POLL_MS = 500;

export function registerWorker(program: Command, context: CommandContext): void {
  const command = program
    .command("worker")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Run due work until stopped")
    .description("Run due work of the local store until stopped.")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--once", "run the work that is due now, then exit");
  addExamples(addCommonOptions(addProjectOptions(command)), ["knock worker --once", "knock worker"]);
  command.action((flags: CommonFlags & TargetFlags & { once?: boolean }) => {
    return runWorker(flags, context);
  });
}

async function runWorker(flags: TargetFlags & { once?: boolean }, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const engine = await context.target.openLocal(flags);
  let total = 0;
  const report = async (ran: readonly AdvancedRun[]): Promise<void> => {
    total += ran.length;
    // With --once and --json, one document is printed, even if nothing was due.
    if (flags.once && output.verbosity.json) {
      output.json({ ...(await engine.readClock()), ran });
      return;
    }
    for (const advanced of ran) {
      if (output.verbosity.json) output.json(advanced, true);
      else if (!output.verbosity.quiet) output.line(formatAdvancedRun(advanced, output));
    }
  };
  if (!flags.once) output.note("waiting for due work; press Ctrl-C to stop");
  do {
    await report(
      await engine.runDue({
        signal,
        onBlocked: (occurrence) => warnBlockedOccurrence(occurrence, output),
        once: flags.once ?? false,
      }),
    );
    if (flags.once) break;
    const due = await engine.readTimeUntilDue();
    await context.sleep(Math.max(1, Math.min(POLL_MS, due ?? POLL_MS)), signal);
  } while (!signal.aborted);
  if (!output.verbosity.json) output.note(`${total} ${total === 1 ? "run" : "runs"} advanced`);
}
