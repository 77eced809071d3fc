import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { TargetFlags } from "../context/target-flags.js";
import type { RecipientOutcome } from "../domain/run/outcome.js";
import { KnockError } from "../errors/knock-error.js";
import { addDuration, parseDurationArgument, parseTimeArgument } from "../input/parse-time.js";
import { printClock, warnBlockedOccurrence } from "../output/print-clock.js";
import type {
  BlockedOccurrence,
  ClockMove,
  ClockMoveOptions,
  ClockTarget,
  LocalOperations,
} from "../ports/operations.js";
import { addExamples } from "./shared/examples.js";
import {
  addExpectOption,
  checkExpectations,
  checkRuleSteps,
  type Expectation,
  type ExpectFlags,
  readRules,
  setExitCodeByExpectations,
  toExpectationsField,
  toExpectedOutcome,
  toRecipientOutcome,
} from "./shared/expectations.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "./shared/options.js";

type ClockFlags = CommonFlags & TargetFlags & { force?: boolean };

type MoveFlags = ClockFlags & ExpectFlags;

/** Reads the rules for the runs that advance, and checks the steps that they name before the clock is moved. */
async function readClockRules(flags: MoveFlags, context: CommandContext): Promise<Expectation[]> {
  const rules = readRules(flags);
  await checkRuleSteps(rules, null, flags, context);
  return rules;
}

/** Moves the clock, prints the runs that advanced, and checks the rules against them. */
async function moveClock(
  to: ClockTarget,
  moveOptions: Pick<ClockMoveOptions, "force" | "fromNow">,
  rules: readonly Expectation[],
  engine: LocalOperations,
  title: string,
  context: CommandContext,
): Promise<void> {
  const blocked: BlockedOccurrence[] = [];
  const state = await context.output.showProgress("running due work", () =>
    engine.moveClock(to, {
      ...moveOptions,
      signal: context.signal,
      onBlocked: (occurrence) => blocked.push(occurrence),
    }),
  );
  for (const occurrence of blocked) warnBlockedOccurrence(occurrence, context.output);
  const results =
    rules.length === 0 ? [] : checkExpectations(rules, toExpectedOutcome(await readMoveOutcomes(state, engine)));
  printClock({ ...state, ...toExpectationsField(results) }, context.output);
  await setExitCodeByExpectations(results, title, context);
}

/**
 * Reads the runs that advanced, each with only the steps that were executed during the move, and those whose messages failed during
 * it. The runs are read again after the move, because messages may have been delivered since.
 */
async function readMoveOutcomes(
  { ran, failed_deliveries = [] }: ClockMove,
  engine: LocalOperations,
): Promise<RecipientOutcome[]> {
  const executed = new Map<string, Set<string>>();
  const add = (id: string, ref: string): void => void executed.set(id, (executed.get(id) ?? new Set()).add(ref));
  for (const { recipient_run_id: id, steps } of ran) for (const { ref } of steps) add(id, ref);
  for (const { recipient_run_id: id, step_ref } of failed_deliveries) add(id, step_ref);
  const outcomes: RecipientOutcome[] = [];
  for (const [id, refs] of executed) {
    const run = await engine.readRecipientRun(id);
    if (run === null) continue;
    const outcome = toRecipientOutcome(run);
    outcomes.push({ ...outcome, steps: outcome.steps.filter(({ ref }) => refs.has(ref)) });
  }
  return outcomes;
}

/** Returns the time at which something falls due next. Throws `usage` if nothing waits for a time. */
function requireDueTime(due: number | null): number {
  if (due !== null) return due;
  throw new KnockError("usage", "nothing is scheduled", {
    hint: "Run `knock runs list --status waiting` to see runs that wait for an event.",
  });
}

export function registerClock(program: Command, context: CommandContext): void {
  const clock = program
    .command("clock")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Show and move the local clock")
    .description("Show and move the virtual clock of the local store. It follows real time until it is moved.");
  const add = (command: Command, examples: readonly string[]): Command =>
    addExamples(addCommonOptions(addProjectOptions(command)), examples);

  add(clock.command("show", { isDefault: true }).description("Show the time of the clock"), ["knock clock"]).action(
    async (flags: ClockFlags) => {
      const engine = await context.target.openLocal(flags);
      printClock({ ...(await engine.readClock()), ran: [] }, context.output);
    },
  );

  add(
    addExpectOption(
      clock
        .command("advance")
        .argument("<duration>", "a duration such as 30m, 24h, 2d or PT30M; or next, for the next due time")
        .description("Move the clock forward and run due work on the way, each item at its own time"),
    ),
    ["knock clock advance 2d", "knock clock advance 1h --expect no-failures"],
  ).action(async (duration: string, flags: MoveFlags) => {
    const rules = await readClockRules(flags, context);
    const length = duration === "next" ? null : parseDurationArgument(duration, null);
    const engine = await context.target.openLocal(flags);
    const to: ClockTarget = (now, due) =>
      length === null ? requireDueTime(due) : addDuration(now, length, "the duration");
    await moveClock(to, { force: false, fromNow: true }, rules, engine, `knock clock advance ${duration}`, context);
  });

  add(
    addExpectOption(
      clock
        .command("set")
        .argument("<time>", "time in ISO 8601 (default offset: UTC)")
        .description("Set the clock. If it moves forward, due work runs on the way.")
        .optionsGroup(OPTION_GROUPS.behavior)
        .option("--force", "allow an earlier time if the store contains runs"),
    ),
    ["knock clock set 2030-06-04T10:00:00Z"],
  ).action(async (time: string, flags: MoveFlags) => {
    const rules = await readClockRules(flags, context);
    const to = parseTimeArgument(time, null);
    const engine = await context.target.openLocal(flags);
    await moveClock(to, { force: flags.force ?? false }, rules, engine, `knock clock set ${time}`, context);
  });

  add(
    clock
      .command("freeze")
      .argument("[time]", "time in ISO 8601 (default: the current time of the clock)")
      .optionsGroup(OPTION_GROUPS.behavior)
      .option("--force", "allow an earlier time if the store contains runs")
      .description("Stop the clock. It then moves only with `advance` and `set`."),
    ["knock clock freeze", "knock clock freeze 2030-06-04T10:00:00Z"],
  ).action(async (time: string | undefined, flags: ClockFlags) => {
    const at = time === undefined ? null : parseTimeArgument(time, null);
    const engine = await context.target.openLocal(flags);
    printClock({ ...(await engine.freezeClock(at, { force: flags.force ?? false })), ran: [] }, context.output);
  });

  add(clock.command("reset").description("Return the clock to real time"), ["knock clock reset"]).action(
    async (flags: ClockFlags) => {
      const engine = await context.target.openLocal(flags);
      printClock({ ...(await engine.resetClock()), ran: [] }, context.output);
    },
  );
}
