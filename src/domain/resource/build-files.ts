import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import {
  buildResourceFiles,
  formatJson,
  formatLike,
  type LocalResource,
  type ResourceFiles,
} from "./build-resource-files.js";
import { isEqualDocument } from "./is-equal-document.js";
import type { ResourceDocument } from "./resource-document.js";

/**
 * Returns the files of a resource, by path in its folder, as the official command writes them. `local` is its folder as it is, or
 * null; `readonly` has the read-only fields of the account.
 */
export function buildFiles(
  { type, id, content }: ResourceDocument,
  readonly: JsonObject,
  local: LocalResource | null,
): ResourceFiles {
  if (type === "translation") return buildTranslationFile(id, content, local);
  if (type === "schema") return buildSchemaFile(id, content, local);
  return buildResourceFiles({ type, content, readonly, local });
}

/** Returns the file of a translation, in the format of the content (CLI-332). A file with the same texts stays as it is. */
function buildTranslationFile(id: string, content: JsonObject, local: LocalResource | null): ResourceFiles {
  const format = content.format === "po" ? "po" : "json";
  const text = typeof content.content === "string" ? content.content : "";
  const name = `${id}.${format}`;
  const before = local?.files.get(name);
  if (format === "po") return new Map([[name, before === undefined ? text : formatLike(before, text)]]);
  const texts = parseJsonText(text);
  if (before !== undefined && isEqualDocument(parseJsonText(before.replace(/^\uFEFF/, "")), texts))
    return new Map([[name, before]]);
  const written = formatJson(texts);
  return new Map([[name, before === undefined ? written : formatLike(before, written)]]);
}

function parseJsonText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

/** Returns the file of a schema of users, tenants or a collection of objects (CLI-333). */
function buildSchemaFile(id: string, content: JsonObject, local: LocalResource | null): ResourceFiles {
  const name = `${id.slice(id.lastIndexOf("/") + 1)}.json`;
  const before = local?.files.get(name);
  if (local !== null && before !== undefined && isEqualDocument(local.content, content))
    return new Map([[name, before]]);
  const { item_type = null, item_id = null, properties = [] } = content;
  const $schema = isJsonObject(local?.raw) && local.raw.$schema ? local.raw.$schema : SCHEMA_URL;
  const written = formatJson({ $schema, item_type, item_id, properties, __readonly: { item_type, item_id } });
  return new Map([[name, before === undefined ? written : formatLike(before, written)]]);
}

const SCHEMA_URL = "https://schemas.knock.app/cli/schema.json";
