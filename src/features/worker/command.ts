import { type Command, Option } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "../../commands/shared/options.js";
import { parsePort, parsePositive } from "../../commands/shared/parse-number.js";
import type { CommandContext } from "../../context/command-context.js";
import { isPostgresLocation } from "../../context/store-location.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { formatAdvancedRun, warnBlockedOccurrence } from "../../output/print-clock.js";
import type { AdvancedRun } from "../../ports/operations.js";
import { endsWithin } from "../../util/ends-within.js";
import type { SharedWorkerOptions } from "./run-shared-worker.js";

/** Interval between checks for due work. Other processes may add due work at any time without a notification. */
const POLL_MS = 500;
/** The pause after an error. */
const RETRY_MS = 1_000;
/** Work in progress may take this long after a signal. Container runtimes kill a process 10 to 30 seconds after SIGTERM. */
const MAX_CLOSE_MS = 8_000;

/** The jobs that a worker of a database runs at a time, if `--concurrency` is not given. */
const DEFAULT_CONCURRENCY = 8;
const MAX_CONCURRENCY = 100;

type WorkerFlags = CommonFlags &
  TargetFlags & { once?: boolean; concurrency?: string; metricsPort?: string; host?: string; suspected?: string };

export function registerWorker(program: Command, context: CommandContext): void {
  const command = program
    .command("worker")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Run due work until stopped")
    .description(
      "Run due work of the local store until stopped. If the store is a PostgreSQL database, several workers share the work, on any number of machines.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--once", "run the work that is due now, then exit")
    .optionsGroup(OPTION_GROUPS.database)
    .option(
      "--concurrency <n>",
      `run up to this many jobs at the same time, with one database connection for each, three more, and one for health checks (default: ${DEFAULT_CONCURRENCY})`,
    )
    .option("--metrics-port <n>", "serve /health and /metrics on this port; 0 picks a free one")
    .option("--host <address>", "listen on this address for --metrics-port (default: 127.0.0.1)")
    .addOption(new Option("--suspected <id>", "do only work that is suspected of ending workers").hideHelp());
  addExamples(addCommonOptions(addProjectOptions(command), "each ended job of a database", OUTPUT_TEXTS), [
    "knock worker --once",
    "knock worker",
  ]);
  command.action((flags: WorkerFlags) => {
    return runWorker(flags, context);
  });
}

const OUTPUT_TEXTS = {
  json: "print one JSON document per line; with --once, one document",
  quiet: "print only warnings and errors",
};

/** Returns the options of a worker of a database. Throws `usage`. */
function parseSharedOptions({ concurrency, metricsPort, host }: WorkerFlags): SharedWorkerOptions {
  if (host !== undefined && metricsPort === undefined)
    throw new KnockError("usage", "--host is only for --metrics-port", { hint: "Add --metrics-port 9464." });
  const options = { isInteger: true, max: MAX_CONCURRENCY, example: DEFAULT_CONCURRENCY };
  return {
    concurrency: concurrency === undefined ? DEFAULT_CONCURRENCY : parsePositive("--concurrency", concurrency, options),
    metrics:
      metricsPort === undefined ? null : { host: host ?? "127.0.0.1", port: parsePort("--metrics-port", metricsPort) },
  };
}

/**
 * Returns whether due work may succeed later: a full disk, a locked file, or a run that cannot be continued. Other errors are
 * about the project's files, or a store that was replaced.
 */
function canRecover(error: unknown): boolean {
  return !(error instanceof KnockError) || (error.code === "store_unusable" && error.cause !== undefined);
}

async function runWorker(flags: WorkerFlags, context: CommandContext): Promise<void> {
  const options = parseSharedOptions(flags);
  const { io, output, signal, target } = context;
  const { project, location, guardDeliveries } = await target.locate(flags);
  const isShared = isPostgresLocation(location);
  if (isShared && !flags.once) {
    const branch = await context.project.resolveBranch(project, flags);
    const { runSharedWorker, runSuspectedWork } = await import("./run-shared-worker.js");
    const workerTarget = { project, location, guardDeliveries, branch };
    return flags.suspected === undefined
      ? runSharedWorker(workerTarget, options, io, output)
      : runSuspectedWork(workerTarget, flags.suspected, io, output);
  }
  const option = flags.concurrency === undefined ? "--metrics-port" : "--concurrency";
  if (flags.concurrency !== undefined || options.metrics !== null)
    throw new KnockError("not_supported", `${option} is only for workers that share a PostgreSQL database`, {
      hint: isShared ? "Omit --once." : "Use a database: --store postgres://….",
    });
  const { openTracing } = await import("../../tracing/open-tracing.js");
  const warn = (text: string): void => output.warn(text);
  const tracing = await openTracing(io, { service: "knock-worker", root: project.root, warn });
  const engine = await target.openLocal(flags, tracing);
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
      else if (!output.verbosity.quiet)
        output.lines([formatAdvancedRun(advanced, output)].filter((line) => line !== null));
    }
  };
  if (!flags.once) output.note("waiting for due work; press Ctrl-C to stop");
  let lastError = "";
  do {
    try {
      const work = engine.runDue({
        signal,
        onBlocked: (occurrence) => warnBlockedOccurrence(occurrence, output),
        once: flags.once ?? false,
      });
      if (!(await endsWithin(work, MAX_CLOSE_MS, signal))) {
        await engine.releaseWork();
        output.warn(
          `work in progress did not end within ${MAX_CLOSE_MS / 1_000} seconds, and is released for the next worker`,
        );
        break;
      }
      await report(await work);
      if (flags.once) break;
      const due = await engine.readTimeUntilDue();
      lastError = "";
      await context.sleep(Math.max(1, Math.min(POLL_MS, due ?? POLL_MS)), signal);
    } catch (error) {
      if (flags.once || !canRecover(error)) throw error;
      if (getErrorMessage(error) !== lastError) output.warn(`${getErrorMessage(error)}; trying again`);
      lastError = getErrorMessage(error);
      await context.sleep(RETRY_MS, signal);
    }
  } while (!signal.aborted);
  if (!output.verbosity.json) output.note(`${total} ${total === 1 ? "run" : "runs"} advanced`);
}
