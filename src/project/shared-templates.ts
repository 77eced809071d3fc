import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ValidDocuments } from "../domain/schema/valid-documents.js";
import type { EmailLayout } from "../domain/template/email-layout.js";
import { parseEmailLayout } from "../domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../domain/template/parse-template-partial.js";
import { partialKeysIn, type TemplatePartial } from "../domain/template/template-partial.js";
import { checkSharedKeys, sharedKeysOf } from "../domain/workflow/check-email-template.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Json } from "../util/json.js";
import type { ProjectFolders } from "./project-folders.js";
import { readResource } from "./read-resource.js";

/** F-008: what is no key names no file. */
const KEY = /^[a-z0-9_-]+$/;

/** Layouts and partials of a project, read when asked for. */
export interface SharedTemplates {
  emailLayout(key: string): Promise<EmailLayout | null>;
  partial(key: string): Promise<TemplatePartial | null>;
  layoutKeys(): string[];
  partialKeys(): string[];
}

export function sharedTemplates(
  { folderOf, keysIn }: ProjectFolders,
  shown: (path: string) => string,
  valid?: ValidDocuments,
): SharedTemplates {
  const nameOf = (kind: "layouts" | "partials"): string => (kind === "layouts" ? "layout.json" : "partial.json");
  const fileOf = (kind: "layouts" | "partials", key: string): string =>
    join(folderOf(kind, key, nameOf(kind)), nameOf(kind));

  const keysOf = (kind: "layouts" | "partials"): string[] => keysIn(kind, nameOf(kind)).filter((key) => KEY.test(key));

  async function read<T>(
    kind: "layouts" | "partials",
    key: string,
    parse: (key: string, raw: Json, file: string, valid?: ValidDocuments) => T,
  ): Promise<T | null> {
    const file = fileOf(kind, key);
    if (!KEY.test(key) || !existsSync(file)) return null;
    return readResource(
      { path: file, shown: shown(file) },
      { owner: kind === "layouts" ? "layout" : "partial" },
      (raw) => parse(key, raw, shown(file), valid),
    );
  }

  return {
    emailLayout: (key) => read("layouts", key, parseEmailLayout),
    partial: (key) => read("partials", key, parseTemplatePartial),
    layoutKeys: () => keysOf("layouts"),
    partialKeys: () => keysOf("partials"),
  };
}

/** Reads what a workflow's e-mails name, for the faults in it. Throws `workflow_invalid`, `project_invalid`. */
export async function checkShared(workflow: Workflow, shared: SharedTemplates): Promise<void> {
  const named = sharedKeysOf(workflow);
  if (named.layouts.length === 0 && named.partials.length === 0) return;
  const layouts = new Map<string, EmailLayout>();
  const partials = new Set(named.partials);
  for (const key of named.layouts) {
    const layout = await shared.emailLayout(key);
    if (layout === null) continue;
    layouts.set(key, layout);
    for (const one of partialKeysIn(layout.html_layout + layout.text_layout)) partials.add(one);
  }
  // Those named on the way are reached as well: a set may grow while it is walked.
  for (const key of partials)
    for (const one of partialKeysIn((await shared.partial(key))?.content ?? "")) partials.add(one);
  const partialKeys = named.partials.length > 0 ? shared.partialKeys() : [];
  checkSharedKeys(workflow, { layouts, layoutKeys: shared.layoutKeys(), partialKeys });
}
