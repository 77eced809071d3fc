import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import type { TranslationFile } from "../domain/template/translation.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { toIsoTime } from "../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** Returns a resource's name and modification time, from its main file; nothing if the file was just deleted. */
function readFileAttributes(file: string): JsonObject {
  try {
    const updated_at = toIsoTime(statSync(file).mtime.getTime());
    const raw: unknown = file.endsWith(".json") ? JSON.parse(readFileSync(file, "utf8")) : null;
    return isJsonObject(raw) && typeof raw.name === "string" ? { name: raw.name, updated_at } : { updated_at };
  } catch {
    return {};
  }
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/**
 * Builds the documents that webhooks receive for parts of the project: the fields of the files, with the same names.
 */
export const WEBHOOK_DOCUMENTS = {
  workflow({ version_id, ...content }: Workflow, file: string, environment: string): JsonObject {
    const { updated_at = null } = readFileAttributes(file);
    const fields = toJson(content) as JsonObject;
    return { __typename: "Workflow", ...fields, valid: true, sha: version_id, environment, updated_at };
  },
  layout(content: EmailLayout, file: string, environment: string): JsonObject {
    return { __typename: "EmailLayout", ...(toJson(content) as JsonObject), environment, ...readFileAttributes(file) };
  },
  partial({ key, type, content }: TemplatePartial, file: string, environment: string): JsonObject {
    return { __typename: "Partial", key, type, content, valid: true, environment, ...readFileAttributes(file) };
  },
  translation({ locale, namespace, tenant, content }: TranslationFile, file: string, environment: string): JsonObject {
    const { updated_at = null } = readFileAttributes(file);
    const format = extname(file).slice(1);
    const translation = { __typename: "Translation", locale_code: locale, namespace: namespace ?? "", tenant, format };
    return { ...translation, content: JSON.stringify(content), environment, updated_at };
  },
};
