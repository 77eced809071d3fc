import { idFault } from "../../domain/recipient/recipient-id.js";
import { KnockError } from "../../errors/knock-error.js";
import type { InputReader } from "../../input/input-source.js";
import { type CsvUser, parseUsersCsv } from "../../input/users-csv.js";
import type { CommandContext } from "../context.js";

/** Skipped lines that are named one by one. */
const MOST_NAMED = 20;

/** Reads users from the CSV file of `--csv`. Lines without a valid ID are reported with their number and skipped; the rest goes on. */
export async function readUsersCsv(path: string, reader: InputReader, { output }: CommandContext): Promise<CsvUser[]> {
  const shown = path === "-" ? "standard input" : path;
  const { users, skipped } = parseUsersCsv(await reader.text(path, "--csv"), shown, idFault);
  for (const { line, reason } of skipped.slice(0, MOST_NAMED)) output.warn(`${shown}:${line}: skipped: ${reason}`);
  if (skipped.length > MOST_NAMED) output.warn(`${shown}: skipped ${skipped.length - MOST_NAMED} more lines`);
  if (users.length === 0)
    throw new KnockError("invalid_params", `${shown}: no line names a user`, {
      hint: "The first line has the columns' names, each further line a user with an ID.",
    });
  return users;
}
