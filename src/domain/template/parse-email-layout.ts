import type * as z from "zod/mini";
import type { ErrorDetail } from "../../errors/knock-error.js";
import type { JsonObject } from "../../util/json.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFaults } from "../schema/document-faults.js";
import { CHECK_ALL, type ValidDocuments } from "../schema/valid-documents.js";
import type { Complain } from "../shape/complain.js";
import type { EmailLayout } from "./email-layout.js";
import { layoutSchema } from "./layout-schema.js";

type LayoutFile = z.output<ReturnType<typeof layoutSchema>>;

const CONTENT = /\{\{-?\s*content\b/;

/** Reports what is wrong with a layout's documents beyond their type (T-122, T-127, T-128). */
function checkDocuments(html: string, plain: string, isMjml: boolean, fault: Complain): void {
  if (!CONTENT.test(html)) fault(["html_layout"], "must print {{ content }}");
  if (!CONTENT.test(plain)) fault(["text_layout"], "must print {{ content }}");
  const rootIsMjml = /<mjml[\s>]/i.test(html);
  if (isMjml && !rootIsMjml) fault(["html_layout"], "must have the root element <mjml>, because is_mjml is true");
  else if (!isMjml && rootIsMjml) fault(["is_mjml"], "must be true for an MJML layout");
  else if (!isMjml && !/<(html|body)[\s>]/i.test(html)) fault(["html_layout"], "must be a whole HTML document");
  if (/@import\b/i.test(html)) fault(["html_layout"], "must not use @import, which email clients do not follow");
}

const DOCUMENTS = ["/html_layout", "/text_layout"];

function hintOf(first: ErrorDetail | undefined): string {
  if (first !== undefined && DOCUMENTS.includes(first.pointer)) {
    if (first.message.startsWith("must print")) return "Add {{ content }} where the content of the email belongs.";
    if (first.message.startsWith("is required"))
      return 'A layout has two documents: "html_layout@": "html_layout.html" and "text_layout@": "text_layout.txt".';
  }
  return "Section 10 of docs/reference/workflow-format.md lists the fields of a layout.";
}

function withoutNulls(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function checkLayout(raw: unknown, file: string, valid: ValidDocuments): LayoutFile {
  if (valid.has("layout", raw)) return raw as LayoutFile;
  const faults = new DocumentFaults();
  const value = checkDocument(layoutSchema(), raw, faults.add);
  if (value !== null) checkDocuments(value.html_layout, value.text_layout, value.is_mjml === true, faults.add);
  if (value === null || !faults.isEmpty) throw faults.toError(file, "project_invalid", hintOf);
  valid.add("layout", raw);
  return value;
}

/** Parses a `layout.json` with its files read in. Throws `project_invalid` with a pointer per fault; `file` names it there. */
export function parseEmailLayout(key: string, raw: unknown, file: string, valid = CHECK_ALL): EmailLayout {
  const value = checkLayout(raw, file, valid);
  const { html_layout, text_layout, is_mjml, footer_links, branding_overrides } = value;
  return {
    key,
    html_layout,
    text_layout,
    footer_links: (footer_links ?? []).map(({ text, label, url }) => ({ text: text ?? label ?? url, url })),
    is_mjml: is_mjml === true,
    branding_overrides: withoutNulls((branding_overrides ?? {}) as JsonObject),
  };
}
