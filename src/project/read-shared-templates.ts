import { existsSync } from "node:fs";
import { join } from "node:path";
import type { EmailLayout } from "../domain/template/email-layout.js";
import { parseEmailLayout } from "../domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../domain/template/parse-template-partial.js";
import { collectPartialKeys, type TemplatePartial } from "../domain/template/template-partial.js";
import { checkTemplateReferences, collectTemplateReferences } from "../domain/workflow/check-template-references.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Json } from "../util/json.js";
import type { ProjectLocation } from "./find-project.js";
import type { ProjectFolders } from "./project-folders.js";
import { type RunCheck, readResource } from "./read-resource.js";
import { RESOURCE_KEY } from "./resource-key.js";

/** Layouts and partials of a project, which are read on demand. */
interface SharedTemplates {
  emailLayout(key: string): Promise<EmailLayout | null>;
  partial(key: string): Promise<TemplatePartial | null>;
  listLayoutKeys(): string[];
  listPartialKeys(): string[];
}

export function openSharedTemplates(
  { resolveFolder, listKeys: listFolderKeys }: ProjectFolders,
  displayPath: (path: string) => string,
  { onInvalid }: Pick<ProjectLocation, "onInvalid">,
): SharedTemplates {
  const getFileName = (kind: "layouts" | "partials"): string => (kind === "layouts" ? "layout.json" : "partial.json");
  const getFile = (kind: "layouts" | "partials", key: string): string =>
    join(resolveFolder(kind, key, getFileName(kind)), getFileName(kind));

  const listKeys = (kind: "layouts" | "partials"): string[] =>
    listFolderKeys(kind, getFileName(kind)).filter((key) => RESOURCE_KEY.test(key));

  async function read<T>(
    kind: "layouts" | "partials",
    key: string,
    parse: (key: string, raw: Json, file: string) => T,
  ): Promise<T | null> {
    const file = getFile(kind, key);
    if (!RESOURCE_KEY.test(key) || !existsSync(file)) return null;
    return readResource(
      { path: file, displayPath: displayPath(file) },
      { owner: kind === "layouts" ? "layout" : "partial", onInvalid },
      (raw) => parse(key, raw, displayPath(file)),
    );
  }

  return {
    emailLayout: (key) => read("layouts", key, parseEmailLayout),
    partial: (key) => read("partials", key, parseTemplatePartial),
    listLayoutKeys: () => listKeys("layouts"),
    listPartialKeys: () => listKeys("partials"),
  };
}

/** Checks the layouts and partials that a workflow's emails use. Throws `workflow_invalid` or `project_invalid`. */
export async function checkSharedTemplates(
  workflow: Workflow,
  shared: SharedTemplates,
  runCheck: RunCheck,
): Promise<void> {
  const references = collectTemplateReferences(workflow);
  if (references.layouts.length === 0 && references.partials.length === 0) return;
  const layouts = new Map<string, EmailLayout>();
  const partials = new Set(references.partials);
  for (const key of references.layouts)
    await runCheck(async () => {
      const layout = await shared.emailLayout(key);
      if (layout === null) return;
      layouts.set(key, layout);
      for (const partialKey of collectPartialKeys(layout.html_layout + layout.text_layout)) partials.add(partialKey);
    });
  // A set may grow while it is iterated, so partials that other partials use are also read.
  for (const key of partials)
    await runCheck(async () => {
      for (const partialKey of collectPartialKeys((await shared.partial(key))?.content ?? "")) partials.add(partialKey);
    });
  const partialKeys = references.partials.length > 0 ? shared.listPartialKeys() : [];
  await runCheck(() =>
    checkTemplateReferences(workflow, { layouts, layoutKeys: shared.listLayoutKeys(), partialKeys }),
  );
}
