import * as z from "zod/mini";
import { once } from "../../util/once.js";

/** The version of the format. A journal of another version is rejected. */
export const JOURNAL_VERSION = 1;

/** More lines than a file can have in practice. It limits the memory for their results. */
const MAX_LINES = 1_000_000_000;

/** The first line of a journal: the run that it belongs to. */
export const journalHeaderSchema = once(() =>
  z.object({
    knock_journal: z.literal(JOURNAL_VERSION),
    /** The input file as typed; "-" is standard input. */
    input: z.string(),
    /** The bytes of the input that the run covers, and their digest. Null for standard input. */
    size: z.nullable(z.int()),
    sha256: z.nullable(z.string()),
    /** The text from which idempotency keys are derived. */
    seed: z.string(),
    target: z.enum(["local", "remote"]),
    /** The URL of the API; null on the local target. */
    base_url: z.nullable(z.string()),
    branch: z.nullable(z.string()),
    /** The workflow argument of the command. */
    workflow: z.nullable(z.string()),
    /** The digest of the flags that change payloads. */
    overrides: z.string(),
    started_at: z.string(),
  }),
);

export type JournalHeader = z.infer<ReturnType<typeof journalHeaderSchema>>;

/** The result of one line. A later record of the same line replaces an earlier one. */
export const journalRecordSchema = once(() =>
  z.object({
    line: z.int().check(z.gte(1), z.lte(MAX_LINES)),
    /** `triggered`: the target accepted all triggers of the line. Some of their recipients may still have failed. */
    status: z.enum(["triggered", "failed"]),
    /** Whether recipients of an accepted line failed. */
    verdict: z.optional(z.enum(["succeeded", "partial", "failed"])),
    workflow_run_ids: z.array(z.string()),
    /** The number of recipients that the line lists. Journals of earlier versions do not have it. */
    recipients: z.optional(z.int()),
    code: z.optional(z.string()),
    message: z.optional(z.string()),
  }),
);

export type JournalRecord = z.infer<ReturnType<typeof journalRecordSchema>>;
