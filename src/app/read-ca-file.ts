import { resolve } from "node:path";
import { KnockError } from "../errors/knock-error.js";
import { readTextFile } from "../util/text-file.js";

const MAX_BYTES = 10 * 1024 * 1024;

/** Returns the certificates of `KNOCK_CA_FILE` in PEM. Throws `usage` if the file cannot be read or contains none. */
export function readCaFile(path: string, cwd: string): string {
  const result = readTextFile(resolve(cwd, path), MAX_BYTES, { onlyRegular: true });
  if ("error" in result) throw createError(`${path} ${result.error}`);
  if (result.text.includes("-----BEGIN CERTIFICATE-----")) return result.text;
  throw createError(`${path} contains no certificate in the PEM format`);
}

function createError(problem: string): KnockError {
  return new KnockError("usage", `KNOCK_CA_FILE: ${problem}`, {
    hint: "Name a file that contains the certificate of the authority that signed the API's certificate.",
  });
}
