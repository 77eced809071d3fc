import type { Command } from "commander";
import type { NotifyFlags } from "../../commands/shared/notify-flags.js";
import { parsePositive } from "../../commands/shared/parse-number.js";
import { KnockError } from "../../errors/knock-error.js";
import { getKeys } from "../../util/json.js";

/** The limit of the API for triggers, in requests per second. */
const MAX_API_RATE = 1_000;
const DEFAULT_CONCURRENCY = 16;
const MAX_CONCURRENCY = 256;
/** Attempts after the first one. A single request has fewer, because a user waits for it. */
const BULK_RETRIES = 6;

export interface BulkOptions {
  /** Triggers per second; null for no limit. */
  maxPerSecond: number | null;
  /** Requests at the same time; 1 on the local target. */
  concurrency: number;
  retries: number;
  /** The path of the journal; null disables it. */
  journal: string | null;
  isResumed: boolean;
  retriesFailed: boolean;
  /** The file of results; null prints them. */
  output: string | null;
}

/** Makes a command throw `usage` if a journal is named and disabled. The parser keeps only the last of the two options. */
function rejectJournalTwice(command: Command): void {
  const reject = (isOther: (journal: unknown) => boolean) => () => {
    if (isOther(command.getOptionValue("journal")))
      throw new KnockError("usage", "--journal and --no-journal cannot be combined", { hint: "Omit one of them." });
  };
  command.on(
    "option:journal",
    reject((journal) => journal === false),
  );
  command.on(
    "option:no-journal",
    reject((journal) => typeof journal === "string"),
  );
}

/** Adds the options for files with many triggers. */
export function addBulkOptions(command: Command): Command {
  rejectJournalTwice(command);
  return command
    .option("--all-or-nothing", "check every line of a file before triggering any")
    .option("--rate <number>", `trigger up to this number of lines per second (default with --remote: ${MAX_API_RATE})`)
    .option(
      "--concurrency <number>",
      `send up to this number of requests at the same time (default: ${DEFAULT_CONCURRENCY})`,
    )
    .option("--journal <path>", "record the result of each line in this file (default with --remote: <file>.journal)")
    .option("--no-journal", "write no journal")
    .option("--resume", "continue a run: skip the lines in the journal")
    .option("--retry-failed", "trigger only the lines that the journal records as failed")
    .option("--output <path>", "write the result of each line to this file, and print a summary");
}

const NAMES = {
  allOrNothing: "--all-or-nothing",
  rate: "--rate",
  concurrency: "--concurrency",
  resume: "--resume",
  retryFailed: "--retry-failed",
  output: "--output",
} as const;

const EXAMPLE_VALUES: Readonly<Record<string, string>> = {
  "--rate": " 10",
  "--concurrency": " 4",
  "--journal": " triggers.journal",
  "--output": " results.jsonl",
};

/** Throws `usage` if an option is given that only a file with many triggers has. */
export function rejectBulkFlags(flags: NotifyFlags): void {
  const names = getKeys(NAMES);
  const given = names.find((name) => flags[name] !== undefined);
  if (given === undefined && typeof flags.journal !== "string") return;
  const name = given === undefined ? "--journal" : NAMES[given];
  throw new KnockError("usage", `${name} requires a file with one trigger per line`, {
    hint: `For example: knock notify --file triggers.jsonl ${name}${EXAMPLE_VALUES[name] ?? ""}`,
  });
}

/** Parses the options for a file with many triggers. Throws `usage`. */
export function parseBulkOptions(flags: NotifyFlags, target: "local" | "remote"): BulkOptions {
  const isRemote = target === "remote";
  const rate =
    flags.rate === undefined
      ? null
      : parsePositive("--rate", flags.rate, { isInteger: false, max: 100_000, example: 50 });
  const concurrency =
    flags.concurrency === undefined
      ? DEFAULT_CONCURRENCY
      : parsePositive("--concurrency", flags.concurrency, {
          isInteger: true,
          max: MAX_CONCURRENCY,
          example: DEFAULT_CONCURRENCY,
        });
  const isResumed = flags.resume ?? false;
  const retriesFailed = flags.retryFailed ?? false;
  if (flags.dryRun && (isResumed || retriesFailed))
    throw new KnockError("usage", `${isResumed ? "--resume" : "--retry-failed"} and --dry-run cannot be combined`, {
      hint: "Omit one of them. A dry run checks every line of the file.",
    });
  const journal = resolveJournalPath(flags, isRemote || isResumed || retriesFailed);
  if (journal === null && (isResumed || retriesFailed))
    throw new KnockError("usage", `${isResumed ? "--resume" : "--retry-failed"} requires a journal`, {
      hint: flags.file === "-" ? "For standard input, name it with --journal." : "Omit --no-journal.",
    });
  return {
    maxPerSecond: rate ?? (isRemote ? MAX_API_RATE : null),
    concurrency: isRemote && flags.dryRun !== true ? concurrency : 1,
    retries: BULK_RETRIES,
    journal,
    isResumed,
    retriesFailed,
    output: flags.output ?? null,
  };
}

function resolveJournalPath({ file, journal, dryRun }: NotifyFlags, isWanted: boolean): string | null {
  if (journal === false || dryRun) return null;
  if (typeof journal === "string") return journal;
  return file !== "-" && isWanted ? `${file}.journal` : null;
}
