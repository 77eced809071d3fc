import type * as z from "zod/mini";
import { isJsonObject, type Json } from "../../util/json.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { partialSchema } from "./partial-schema.js";
import type { FieldType, PartialField, TemplatePartial } from "./template-partial.js";

type PartialFile = z.output<ReturnType<typeof partialSchema>>;

/** The types that consist of sub-fields, with the keys of their sub-fields (T-106). */
const PARTS_BY_TYPE: Partial<Record<FieldType, readonly ("text" | "action" | "url" | "alt")[]>> = {
  button: ["text", "action"],
  image: ["url", "alt", "action"],
};

const getDefault = (settings: unknown): Json => (isJsonObject(settings) ? settings.default : null) ?? null;

function checkPartial(raw: unknown, file: string): PartialFile {
  const findings = new DocumentFindings();
  const value = checkDocument(partialSchema(), raw, findings.add);
  if (value?.type === "html" && /<\/?mj(ml|-[a-z])/i.test(value.content))
    findings.add(["content"], "must not contain MJML: the partial's type is html"); // T-108
  if (value?.visual_block_enabled === true && value.type !== "html")
    findings.add(["visual_block_enabled"], "is only supported in partials of type html");
  if (value === null || !findings.isEmpty)
    throw findings.toError(
      file,
      "project_invalid",
      () => "Run `knock init`. It writes partial.schema.json to .knock-schemas/, which lists the fields of a partial.",
    );
  return value;
}

/**
 * Parses a `partial.json` whose content file has been inserted. Throws `project_invalid` with one pointer per finding
 * (T-100, T-105).
 */
export function parseTemplatePartial(key: string, raw: unknown, file: string): TemplatePartial {
  const value = checkPartial(raw, file);
  return {
    key,
    type: value.type,
    content: value.content,
    input_schema: (value.input_schema ?? []).map((field) => {
      const { key: name, type, settings } = field;
      const required = isJsonObject(settings) && settings.required === true;
      const parsed: PartialField = { key: name, type, required, default: getDefault(settings) };
      const parts = PARTS_BY_TYPE[type];
      if (parts) parsed.parts = Object.fromEntries(parts.map((part) => [part, getDefault(field[part]?.settings)]));
      return parsed;
    }),
  };
}
