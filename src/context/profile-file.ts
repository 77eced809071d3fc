import { readFileSync, statSync } from "node:fs";
import { describeInvalidAddress, describeInvalidPattern } from "../domain/recipient/recipient-pattern.js";
import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { getErrorCode } from "../util/text-file.js";

/** A profile that `knock auth login --profile <name>` stores. */
export interface Profile {
  api_key?: string;
  base_url?: string;
  service_token?: string;
  management_url?: string;
  branch?: string;
  target?: "local" | "remote";
  recipients?: RecipientSettings;
}

/** The recipient guard of a profile. */
interface RecipientSettings {
  allow?: string[];
  redirect?: string;
}

export const PROFILE_FIELDS = ["api_key", "base_url", "service_token", "management_url", "branch", "target"] as const;

/** The content of the profile file. */
export interface ProfileFile {
  default: string | null;
  profiles: Record<string, Json>;
  /** Unknown fields, for example those of a newer version; they are kept. */
  rest: JsonObject;
}

/**
 * Reads the profile file; a missing file has no profiles. Throws `profile_invalid` with the path, and never quotes the
 * content.
 */
export function readProfileFile(file: string): ProfileFile {
  let text: string;
  try {
    // Most users have no such file, and throwing and catching an error adds half a millisecond to a start.
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return { default: null, profiles: {}, rest: {} };
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (getErrorCode(error) === "ENOENT") return { default: null, profiles: {}, rest: {} };
    throw createUnusableFileError(file, "cannot be read", error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the error, which may be an API key.
    throw createUnusableFileError(file, "is invalid JSON", null);
  }
  if (!isJsonObject(value)) throw createInvalidFileError(file, [{ pointer: "", message: "must be an object" }]);
  const { default: name = null, profiles = {}, ...rest } = value;
  if (name !== null && typeof name !== "string")
    throw createInvalidFileError(file, [{ pointer: "/default", message: "must be a profile's name" }]);
  if (!isJsonObject(profiles))
    throw createInvalidFileError(file, [{ pointer: "/profiles", message: "must be an object" }]);
  return { default: name, profiles, rest };
}

export function parseProfile(value: Json, name: string, file: string): Profile {
  const at = `/profiles/${name}`;
  if (!isJsonObject(value)) throw createInvalidFileError(file, [{ pointer: at, message: "must be an object" }]);
  const details: ErrorDetail[] = PROFILE_FIELDS.filter(
    (field) => value[field] !== undefined && typeof value[field] !== "string",
  ).map((field) => ({
    pointer: `${at}/${field}`,
    message: "must be a string",
  }));
  if (details.length === 0 && value.target !== undefined && value.target !== "local" && value.target !== "remote") {
    details.push({ pointer: `${at}/target`, message: 'must be "local" or "remote"' });
  }
  const { recipients } = value;
  // Other unknown keys are kept, but a guard must not be ignored because of its name.
  for (const key of Object.keys(value))
    if (/^(recipient|allow|redirect)/i.test(key) && key !== "recipients")
      details.push({ pointer: `${at}/${key}`, message: 'is an unknown key; did you mean "recipients"?' });
  if (recipients !== undefined) details.push(...listRecipientFindings(recipients, `${at}/recipients`));
  if (details.length > 0) throw createInvalidFileError(file, details);
  const profile = Object.fromEntries(
    PROFILE_FIELDS.flatMap((field) => (value[field] === undefined ? [] : [[field, value[field]]])),
  );
  return recipients === undefined ? profile : { ...profile, recipients: recipients as RecipientSettings };
}

/** Returns what is wrong with the recipient guard of a profile. */
function listRecipientFindings(recipients: Json, pointer: string): ErrorDetail[] {
  if (!isJsonObject(recipients)) return [{ pointer, message: "must be an object" }];
  const details: ErrorDetail[] = Object.keys(recipients)
    .filter((key) => key !== "allow" && key !== "redirect")
    .map((key) => ({ pointer: `${pointer}/${key}`, message: "is an unknown key" }));
  const { allow = [], redirect = null } = recipients;
  if (redirect !== null) {
    const message = typeof redirect === "string" ? describeInvalidAddress(redirect) : "must be an email address";
    if (message !== null) details.push({ pointer: `${pointer}/redirect`, message });
  }
  if (!Array.isArray(allow))
    return [...details, { pointer: `${pointer}/allow`, message: "must be a list of patterns" }];
  for (const [index, pattern] of allow.entries()) {
    const message = typeof pattern === "string" ? describeInvalidPattern(pattern) : "must be a string";
    if (message !== null) details.push({ pointer: `${pointer}/allow/${index}`, message });
  }
  return details;
}

function createInvalidFileError(file: string, details: ErrorDetail[]): KnockError {
  return new KnockError("profile_invalid", `${file} is not a valid profiles file`, { hint: getHint(file), details });
}

export function createUnusableFileError(file: string, problem: string, cause: unknown): KnockError {
  const code = getErrorCode(cause);
  return new KnockError("profile_invalid", `${file} ${problem}${code ? ` (${code})` : ""}`, {
    hint: getHint(file),
    cause: cause ?? undefined,
  });
}

function getHint(file: string): string {
  return `Fix the file, or delete it and log in again: rm ${file} && knock auth login`;
}
