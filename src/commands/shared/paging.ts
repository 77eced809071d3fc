import type { Command } from "commander";
import { paginateList } from "../../domain/page/paginate-list.js";
import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import { didYouMean, type Hint } from "../../util/find-nearest.js";
import { OPTION_GROUPS } from "./help-groups.js";
import { parseRecipientArgument } from "./resource-options.js";

export interface PageFlags {
  limit?: string;
  after?: string;
  before?: string;
}

const MAX_LIMIT = 50;

const LIMIT_TEXT = `list up to this number of items, 1 to ${MAX_LIMIT}`;

function addCursorOptions(command: Command): Command {
  return command
    .option("--after <cursor>", "list the page after this cursor")
    .option("--before <cursor>", "list the page before this cursor");
}

export function addPageOptions(command: Command): Command {
  return addCursorOptions(
    command.optionsGroup(OPTION_GROUPS.paging).option("--limit <n>", LIMIT_TEXT, String(MAX_LIMIT)),
  );
}

/** Adds the options of a list of project files. It is complete unless a limit is given, because files are few. */
export function addFilePageOptions(command: Command): Command {
  return addCursorOptions(
    command.optionsGroup(OPTION_GROUPS.paging).option("--limit <n>", `${LIMIT_TEXT} (default: all)`),
  );
}

export function parsePage(flags: PageFlags): PageRequest {
  const limit = Number(flags.limit ?? MAX_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new KnockError(
      "usage",
      `--limit: ${JSON.stringify(flags.limit)} must be a whole number from 1 to ${MAX_LIMIT}`,
      { hint: `Use --limit ${MAX_LIMIT}, and --after for the next page.` },
    );
  }
  checkCursors(flags);
  return { limit, after: flags.after, before: flags.before };
}

function checkCursors({ after, before }: PageFlags): void {
  if (after !== undefined && before !== undefined)
    throw new KnockError("usage", "--after and --before contradict each other", { hint: "Give one of them." });
}

/** Returns the selected page of a list of project files: all of them if no limit is given. Throws `usage`. */
export function paginateFiles<T>(items: readonly T[], flags: PageFlags): Paged<T> {
  checkCursors(flags);
  const page = flags.limit === undefined ? { ...flags, limit: items.length } : parsePage(flags);
  return paginateList(items, page);
}

/** Parses `--recipient ada` or `--recipient projects/apollo`. Throws `usage`. */
export function parseRecipientKey(text: string | undefined): RecipientKey | undefined {
  if (text === undefined) return undefined;
  const hint = "Use --recipient ada for a user, or --recipient projects/p1 for an object.";
  return toRecipientKey(parseRecipientArgument(text, "--recipient", hint));
}

/**
 * Returns the value if it is one of the known choices. Throws `usage` with the list of choices otherwise. `hints` are
 * hints for words that stand for one of the choices.
 */
export function parseChoice<T extends string>(
  value: string,
  known: readonly T[],
  flag: string,
  hints?: Readonly<Record<string, Hint>>,
): T;
export function parseChoice<T extends string>(
  value: string | undefined,
  known: readonly T[],
  flag: string,
  hints?: Readonly<Record<string, Hint>>,
): T | undefined;
export function parseChoice<T extends string>(
  value: string | undefined,
  known: readonly T[],
  flag: string,
  hints: Readonly<Record<string, Hint>> = {},
): T | undefined {
  if (value === undefined) return undefined;
  const match = known.find((choice) => choice === value);
  if (match === undefined)
    throw new KnockError("usage", `${flag}: there is no ${JSON.stringify(value)}`, {
      hint: Object.hasOwn(hints, value) ? hints[value] : didYouMean(value, known, "One of"),
    });
  return match;
}
