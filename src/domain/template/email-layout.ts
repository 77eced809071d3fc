import type { JsonObject } from "../../util/json.js";

interface FooterLink {
  text: string;
  url: string;
}

/**
 * What stands around the content of e-mails (section 10 of the format, T-122). No part of a workflow's version: runs are
 * rendered with the layout as it is at that moment.
 */
export interface EmailLayout {
  key: string;
  /** Both are Liquid and print `content`. */
  html_layout: string;
  text_layout: string;
  footer_links: FooterLink[];
  is_mjml: boolean;
  /** Beats the account's branding, and the tenant's beats it (T-133, TQ-10). */
  branding_overrides: JsonObject;
}
