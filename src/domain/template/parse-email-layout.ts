import type * as z from "zod/mini";
import type { ErrorDetail } from "../../errors/knock-error.js";
import type { JsonObject } from "../../util/json.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import type { EmailLayout } from "./email-layout.js";
import { layoutSchema } from "./layout-schema.js";

type LayoutFile = z.output<ReturnType<typeof layoutSchema>>;

const CONTENT_TAG = /\{\{-?\s*content\b/;

/** Reports errors in a layout's documents that the schema does not find (T-122, T-127, T-128). */
function checkDocuments(html: string, plain: string, isMjml: boolean, report: ReportFinding): void {
  if (!CONTENT_TAG.test(html)) report(["html_layout"], "must print {{ content }}");
  if (!CONTENT_TAG.test(plain)) report(["text_layout"], "must print {{ content }}");
  const rootIsMjml = /<mjml[\s>]/i.test(html);
  if (isMjml && !rootIsMjml) report(["html_layout"], "must have the root element <mjml>, because is_mjml is true");
  else if (!isMjml && rootIsMjml) report(["is_mjml"], "must be true for an MJML layout");
  else if (!isMjml && !/<(html|body)[\s>]/i.test(html))
    report(["html_layout"], "must be a complete HTML document with <html> or <body>");
  if (/@import\b/i.test(html)) report(["html_layout"], "must not use @import, which email clients do not follow");
}

const DOCUMENT_POINTERS = ["/html_layout", "/text_layout"];

/** Returns a hint for all findings, which are printed with it. */
function buildHint(findings: readonly ErrorDetail[]): string {
  const areDocuments = (problem: string): boolean =>
    findings.every(({ pointer, message }) => DOCUMENT_POINTERS.includes(pointer) && message.startsWith(problem));
  if (areDocuments("must print")) return "Add {{ content }} where the content of the email belongs.";
  if (areDocuments("is required"))
    return 'A layout has two documents: "html_layout@": "html_layout.html" and "text_layout@": "text_layout.txt".';
  return "Run `knock init`. It writes layout.schema.json to .knock-schemas/, which lists the fields of a layout.";
}

function omitNulls(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function checkLayout(raw: unknown, file: string): LayoutFile {
  const findings = new DocumentFindings();
  const value = checkDocument(layoutSchema(), raw, findings.add);
  if (value !== null) checkDocuments(value.html_layout, value.text_layout, value.is_mjml === true, findings.add);
  if (value === null || !findings.isEmpty)
    throw findings.toError(file, "project_invalid", () => buildHint(findings.details));
  return value;
}

/**
 * Parses a `layout.json` whose text files have been inserted. Throws `project_invalid`, which names `file`, with one
 * pointer per finding.
 */
export function parseEmailLayout(key: string, raw: unknown, file: string): EmailLayout {
  const value = checkLayout(raw, file);
  const { html_layout, text_layout, is_mjml, footer_links, branding_overrides } = value;
  return {
    key,
    html_layout,
    text_layout,
    footer_links: (footer_links ?? []).map(({ text, label, url }) => ({ text: text ?? label ?? url, url })),
    is_mjml: is_mjml === true,
    branding_overrides: omitNulls(branding_overrides ?? {}),
  };
}
