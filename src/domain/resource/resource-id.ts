import type { ResourceRef } from "./resource-types.js";

/** The form of a resource's key. Other text names no file (F-008). */
export const RESOURCE_KEY = /^[a-z0-9_-]+$/;

/** The form of a translation's ID and of a collection in a path. Other IDs, which an account may have, name no file. */
const TRANSLATION_ID = /^(?:[^\\/~]+~)?(?:[\w-]+\.)?[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*$/;
const SCHEMA_ID = /^(?:user|tenant|objects\/[^\\/.][^\\/]*)$/;

const CONTROL_CHARACTER = /\p{Cc}/u;

/** The longest ID in bytes. File systems limit names to 255 bytes, and some IDs have `.json` added. */
export const MAX_ID_BYTES = 250;

/** Returns whether a resource can be stored in a project: an ID must not lead out of the folder of its kind. */
export function isStorableId({ type, id }: ResourceRef): boolean {
  if (CONTROL_CHARACTER.test(id) || Buffer.byteLength(id) > MAX_ID_BYTES) return false;
  if (type === "translation") return TRANSLATION_ID.test(id) && !id.startsWith(".");
  return type === "schema" ? SCHEMA_ID.test(id) : RESOURCE_KEY.test(id);
}

/**
 * Starts the names under which the engine runs the latest content of an account, as if it were a branch. No branch can have such a
 * name.
 */
export const ACCOUNT_TREE_PREFIX = "~";
