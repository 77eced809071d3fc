import type { CommandContext } from "../../context/command-context.js";
import { describeInvalidId } from "../../domain/recipient/describe-invalid-id.js";
import { KnockError } from "../../errors/knock-error.js";
import type { InputReader } from "../../input/input-source.js";
import { type CsvUser, parseUsersCsv } from "../../input/parse-users-csv.js";

/** The number of skipped lines that are reported individually. */
const MAX_SKIPPED_WARNINGS = 20;

/** Reads users from the CSV file of `--csv`. Lines without a valid ID are reported with their number and skipped. */
export async function readUsersCsv(path: string, reader: InputReader, { output }: CommandContext): Promise<CsvUser[]> {
  const inputName = path === "-" ? "standard input" : path;
  const { users, skipped } = await parseUsersCsv(await reader.readText(path, "--csv"), inputName, describeInvalidId);
  for (const { line, reason } of skipped.slice(0, MAX_SKIPPED_WARNINGS))
    output.warn(`${inputName}:${line}: skipped: ${reason}`);
  if (skipped.length > MAX_SKIPPED_WARNINGS)
    output.warn(`${inputName}: skipped ${skipped.length - MAX_SKIPPED_WARNINGS} more lines`);
  if (users.length === 0)
    throw new KnockError("invalid_params", `${inputName}: no line contains a user`, {
      hint: "The first line contains the column names. Each other line contains a user with an ID.",
    });
  return users;
}
