import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { type JsonObject, pointerOf } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { placeOf } from "../shape/place.js";
import { flag, list, object, optional, type Shape, text } from "../shape/shape.js";
import type { EmailLayout } from "./email-layout.js";

const color: Shape<string> = (value, path, complain): value is string => {
  if (typeof value === "string" && /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value)) return true;
  complain(path, `must be a colour such as #1A2B3C, found ${JSON.stringify(value)}`);
  return false;
};

const brandingShape = object(
  {
    logo_url: optional(text),
    icon_url: optional(text),
    dark_logo_url: optional(text),
    dark_icon_url: optional(text),
    primary_color: optional(color),
    primary_color_contrast: optional(color),
    dark_primary_color: optional(color),
    dark_primary_color_contrast: optional(color),
    primary_text_color: optional(color),
    secondary_text_color: optional(color),
  },
  { closed: true },
);

const layoutShape = object({
  html_layout: text,
  text_layout: text,
  footer_links: optional(list(object({ text: optional(text), label: optional(text), url: text }))),
  is_mjml: optional(flag),
  branding_overrides: optional(brandingShape),
});

const CONTENT = /\{\{-?\s*content\b/;

/** What is wrong with a layout's documents (T-122, T-127, T-128). */
function checkDocuments(html: string, plain: string, isMjml: boolean, complain: Complain): void {
  if (!CONTENT.test(html)) complain(["html_layout"], "must print {{ content }}");
  if (!CONTENT.test(plain)) complain(["text_layout"], "must print {{ content }}");
  const rootIsMjml = /<mjml[\s>]/i.test(html);
  if (isMjml && !rootIsMjml) complain(["html_layout"], "must have the root element <mjml>, as is_mjml says");
  else if (!isMjml && rootIsMjml) complain(["is_mjml"], "must be true for a layout of MJML");
  else if (!isMjml && !/<(html|body)[\s>]/i.test(html)) complain(["html_layout"], "must be a whole HTML document");
  if (/@import\b/i.test(html)) complain(["html_layout"], "must not use @import, which e-mail programs do not follow");
}

const DOCUMENTS = ["/html_layout", "/text_layout"];

function hintOf(first: ErrorDetail | undefined): string {
  if (first !== undefined && DOCUMENTS.includes(first.pointer)) {
    if (first.message.startsWith("must print")) return "Write {{ content }} where the message is to stand.";
    if (first.message.startsWith("is required"))
      return 'A layout has two documents: "html_layout@": "html_layout.html" and "text_layout@": "text_layout.txt".';
  }
  return "Section 10 of docs/reference/workflow-format.md has the fields of a layout.";
}

/** `layout.json`, its files read in. Throws `project_invalid` with a pointer per fault; `file` names it there. */
export function parseEmailLayout(key: string, raw: unknown, file: string): EmailLayout {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  const value = raw;
  if (layoutShape(value, [], complain)) {
    checkDocuments(value.html_layout, value.text_layout, value.is_mjml === true, complain);
    if (details.length === 0)
      return {
        key,
        html_layout: value.html_layout,
        text_layout: value.text_layout,
        footer_links: (value.footer_links ?? []).map(({ text: name, label, url }) => ({
          text: name ?? label ?? url,
          url,
        })),
        is_mjml: value.is_mjml === true,
        branding_overrides: presentOf((value.branding_overrides ?? {}) as JsonObject),
      };
  }
  const [first, ...rest] = details;
  throw new KnockError(
    "project_invalid",
    `${file}: ${first ? `${placeOf(first.pointer)} ${first.message}` : "not valid"}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details, hint: hintOf(first) },
  );
}

function presentOf(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
