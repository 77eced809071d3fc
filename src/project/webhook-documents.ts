import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import type { TranslationFile } from "../domain/template/translation.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** Its name and when it was last written, as its main file tells; nothing of a file that has just gone. */
function readFileAttributes(file: string): JsonObject {
  try {
    const updated_at = statSync(file).mtime.toISOString();
    const raw: unknown = file.endsWith(".json") ? JSON.parse(readFileSync(file, "utf8")) : null;
    return isJsonObject(raw) && typeof raw.name === "string" ? { name: raw.name, updated_at } : { updated_at };
  } catch {
    return {};
  }
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** What a webhook is told of a part of the project: the fields that its file has, with the names they have there. */
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
