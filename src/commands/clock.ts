import type { Command } from "commander";
import { KnockError } from "../errors/knock-error.js";
import { durationArgument, laterTime, timeArgument } from "../input/parse-time.js";
import { printClock, warnHeld } from "../output/print-clock.js";
import type { HeldOccurrence, LocalOperations } from "../ports/operations.js";
import type { CommandContext, TargetFlags } from "./context.js";
import {
  addCommonOptions,
  addExamples,
  addProjectOptions,
  applyVerbosity,
  type CommonFlags,
} from "./shared/options.js";

type ClockFlags = CommonFlags & TargetFlags & { force?: boolean };

/** When something falls due. Throws `usage` where nothing waits for a time. */
async function nextDue(engine: LocalOperations): Promise<number> {
  const due = await engine.nextDueAt();
  if (due !== null) return due;
  throw new KnockError("usage", "nothing waits for a time", {
    hint: "knock runs list --status paused shows what waits for an event.",
  });
}

export function registerClock(program: Command, context: CommandContext): void {
  const clock = program
    .command("clock")
    .summary("read and move the local store's clock")
    .description("The local store's virtual clock: real time until it is moved. Alone, it shows the time.");
  const add = (command: Command, examples: readonly string[]): Command =>
    addExamples(addCommonOptions(addProjectOptions(command)), examples);

  add(clock.command("show", { isDefault: true }).description("The store's time now."), ["knock clock"]).action(
    async (flags: ClockFlags) => {
      applyVerbosity(context, flags);
      const engine = await context.openLocal(flags);
      printClock({ ...(await engine.readClock()), ran: [] }, context.output);
    },
  );

  add(
    clock
      .command("advance")
      .argument("<duration>", "such as 30m, 24h, 2d or PT30M; next: to what falls due next")
      .description("Moves the clock forward and runs what falls due on the way, each at its own time."),
    ["knock clock advance 2d", "knock clock advance next"],
  ).action(async (duration: string, flags: ClockFlags) => {
    applyVerbosity(context, flags);
    const length = duration === "next" ? null : durationArgument(duration, "the duration");
    const engine = await context.openLocal(flags);
    const to =
      length === null
        ? await nextDue(engine)
        : laterTime(Date.parse((await engine.readClock()).now), length, "the duration");
    const held: HeldOccurrence[] = [];
    const state = await context.output.progress("running what falls due", () =>
      engine.moveClock(to, { force: false, fromNow: true, signal: context.signal, onHeld: (one) => held.push(one) }),
    );
    for (const one of held) warnHeld(one, context.output);
    printClock(state, context.output);
  });

  add(
    clock
      .command("set")
      .argument("<time>", "ISO 8601; without an offset it is UTC")
      .option("--force", "also backward")
      .description("Moves the clock to a time; forward, it runs what falls due on the way."),
    ["knock clock set 2030-06-04T10:00:00Z"],
  ).action(async (time: string, flags: ClockFlags) => {
    applyVerbosity(context, flags);
    const to = timeArgument(time, "the time");
    const engine = await context.openLocal(flags);
    const held: HeldOccurrence[] = [];
    const state = await context.output.progress("running what falls due", () =>
      engine.moveClock(to, {
        force: flags.force ?? false,
        signal: context.signal,
        onHeld: (one) => held.push(one),
      }),
    );
    for (const one of held) warnHeld(one, context.output);
    printClock(state, context.output);
  });

  add(
    clock
      .command("freeze")
      .argument("[time]", "ISO 8601, not before the clock's time")
      .description("Stops the clock; it then moves only by advance and set."),
    ["knock clock freeze"],
  ).action(async (time: string | undefined, flags: ClockFlags) => {
    applyVerbosity(context, flags);
    const at = time === undefined ? null : timeArgument(time, "the time");
    const engine = await context.openLocal(flags);
    printClock({ ...(await engine.freezeClock(at)), ran: [] }, context.output);
  });

  add(clock.command("reset").description("Goes back to real time."), ["knock clock reset"]).action(
    async (flags: ClockFlags) => {
      applyVerbosity(context, flags);
      const engine = await context.openLocal(flags);
      printClock({ ...(await engine.resetClock()), ran: [] }, context.output);
    },
  );
}
