import type { NotifyFileFlags } from "../../commands/shared/notify-flags.js";
import type { CommandContext } from "../../context/command-context.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatInputName } from "../../input/trigger-payload.js";
import { toIsoTime } from "../../util/iso-time.js";
import { getKeys } from "../../util/json.js";
import { loadCrypto } from "../../util/load-crypto.js";
import { type BulkFiles, createBulkFiles } from "./bulk-files.js";
import type { BulkOptions } from "./bulk-flags.js";
import type { DocumentFile, Journal, JournalLock } from "./journal.js";
import type { LineRunFiles } from "./line-run.js";
import { JOURNAL_VERSION, type JournalHeader } from "./trigger-journal.js";
import type { InputProgress } from "./watch-input.js";

interface LineInput {
  workflow: string | null;
  flags: NotifyFileFlags;
  options: BulkOptions;
  /** The flags that change payloads, as one text. */
  overrides: string;
  target: "local" | "remote";
  progress: InputProgress;
}

/**
 * Opens the journal and the file of results. Throws `journal_conflict` if the journal belongs to another input, to an earlier run
 * that is not resumed or to a run in progress, and `usage` if `--retry-failed` has no journal or two files are the same.
 */
export async function openLineFiles(input: LineInput, context: CommandContext): Promise<LineRunFiles> {
  const { flags, options, target } = input;
  const needsFiles = options.journal !== null || options.output !== null || target === "remote";
  if (!needsFiles || flags.dryRun) return { journal: null, results: null, seed: flags.idempotencyKey ?? null };
  const bulk = createBulkFiles(context.io);
  rejectSharedFiles(flags.file, options, bulk);
  const lock = options.journal === null ? null : bulk.lockJournal(options.journal);
  try {
    return await openLockedFiles(input, bulk, lock, context);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

async function openLockedFiles(
  input: LineInput,
  bulk: BulkFiles,
  lock: JournalLock | null,
  context: CommandContext,
): Promise<LineRunFiles> {
  const { flags, options, target, progress } = input;
  const path = flags.file;
  const existing = options.journal === null ? null : bulk.readJournalHeader(options.journal);
  const file = path === "-" ? null : await bulk.inspectInput(path);
  progress.expected = file;
  const header = await buildHeader(input, file, context);
  let journal: Journal | null = null;
  if (options.journal !== null && lock !== null && existing !== null) {
    await checkExisting(options, existing, header, path, bulk);
    journal = await bulk.resumeJournal(options.journal, lock);
  } else if (options.journal !== null && lock !== null) {
    if (options.retriesFailed && !options.isResumed)
      throw new KnockError("usage", `--retry-failed: there is no journal ${options.journal}`, {
        hint: "Omit --retry-failed to trigger every line. A journal is deleted when all lines of the file have been triggered.",
      });
    if (options.isResumed) context.output.note(`there is no journal ${options.journal}: starting with the first line`);
    journal = bulk.createJournal(options.journal, header, lock);
  }
  const results = options.output === null ? null : openResults(options.output, existing && journal, bulk, context);
  if (results !== null) journal?.writeAfter(results);
  return {
    journal,
    results,
    seed: journal?.header.seed ?? (target === "remote" ? header.seed : (flags.idempotencyKey ?? null)),
  };
}

function openResults(path: string, resumed: Journal | null, bulk: BulkFiles, { output }: CommandContext): DocumentFile {
  const { file, dropped } = bulk.openResults(path, resumed);
  if (dropped > 0)
    output.note(
      `removed ${dropped === 1 ? "the last result" : `the last ${dropped} results`} from ${path}: the journal does not record ${dropped === 1 ? "its line, which is" : "their lines, which are"} triggered again`,
    );
  return file;
}

/** Throws `usage` if a file that is written is also used for something else, before it is opened and emptied. */
function rejectSharedFiles(input: string, { journal, output }: BulkOptions, bulk: BulkFiles): void {
  const reject = (flag: string, path: string | null, use: string, other: string | null): void => {
    if (path !== null && other !== null && bulk.isSameFile(path, other))
      throw new KnockError("usage", `${flag}: ${path} is also the ${use}`, { hint: "Name another file." });
  };
  reject("--journal", journal, "input", input);
  reject("--output", output, "input", input);
  reject("--output", output, "journal", journal);
}

async function buildHeader(
  { workflow, flags, overrides, target }: LineInput,
  file: { size: number; sha256: string } | null,
  context: CommandContext,
): Promise<JournalHeader> {
  const { base_url, branch } = await context.settings.get(flags);
  return {
    knock_journal: JOURNAL_VERSION,
    input: flags.file,
    size: file?.size ?? null,
    sha256: file?.sha256 ?? null,
    // A stream cannot be compared with an earlier one, and equal lines at different times are different triggers.
    seed: flags.idempotencyKey ?? file?.sha256 ?? loadCrypto().randomUUID(),
    target,
    base_url: target === "remote" ? base_url.value : null,
    branch: branch.value,
    workflow,
    overrides: loadCrypto().createHash("sha256").update(overrides).digest("hex"),
    started_at: toIsoTime(context.now()),
  };
}

const OPTION_NAMES = {
  target: "another target",
  base_url: "another base URL",
  branch: "another branch",
  workflow: "another workflow",
  overrides: "other payload options",
} as const;

/** Throws `journal_conflict` unless an existing journal can be continued by this command. */
async function checkExisting(
  { journal: path, isResumed, retriesFailed }: BulkOptions,
  existing: JournalHeader,
  header: JournalHeader,
  inputPath: string,
  bulk: BulkFiles,
): Promise<void> {
  const name = formatInputName(inputPath);
  const conflict = (problem: string, hint: string): KnockError =>
    new KnockError("journal_conflict", `${path} ${problem}`, { hint });
  const isSameKind = (existing.size === null) === (header.size === null);
  // Lines may have been appended since then, so only the earlier part of the file is compared.
  const begun = existing.size === null ? null : await bulk.inspectInput(inputPath, existing.size);
  if (!isSameKind || begun?.sha256 !== (existing.sha256 ?? undefined))
    throw existing.input === inputPath
      ? conflict(
          `does not match the content of ${name}`,
          `Restore the file that the run started with, and write corrected lines to a file of their own. With another journal (--journal), every line of ${name} is triggered, also those that were triggered before.`,
        )
      : conflict(
          `does not match the content of ${name}: it belongs to ${formatInputName(existing.input)}`,
          `Use the file that the run started with, or use --journal to name another journal for ${name}.`,
        );
  if (!isResumed && !retriesFailed)
    throw conflict(
      "contains the results of an earlier run that was interrupted or has failed lines",
      "Add --resume to continue it, or --retry-failed to trigger only the failed lines. Delete the file to start again.",
    );
  const options = getKeys(OPTION_NAMES);
  const different = options.find((option) => existing[option] !== header[option]);
  if (different === undefined) return;
  throw conflict(
    `belongs to a run with ${OPTION_NAMES[different]}`,
    "Use the options that the run started with, or use --journal to name another journal.",
  );
}
