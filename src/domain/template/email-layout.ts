import type { JsonObject } from "../../util/json.js";

interface FooterLink {
  text: string;
  url: string;
}

/**
 * The documents around the content of emails. A layout is not a part of a workflow's version: messages are rendered
 * with the current layout (section 10 of the format, T-122).
 */
export interface EmailLayout {
  key: string;
  /** Both documents are Liquid and print `content`. */
  html_layout: string;
  text_layout: string;
  footer_links: FooterLink[];
  is_mjml: boolean;
  /** Branding that takes precedence over the account's. The tenant's takes precedence over this (T-133, TQ-10). */
  branding_overrides: JsonObject;
}
