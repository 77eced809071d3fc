import { RESOURCE_KEY } from "../domain/resource/resource-id.js";
import type { EmailLayout } from "../domain/template/email-layout.js";
import { parseEmailLayout } from "../domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../domain/template/parse-template-partial.js";
import { collectPartialKeys, type TemplatePartial } from "../domain/template/template-partial.js";
import { checkTemplateReferences, collectTemplateReferences } from "../domain/workflow/check-template-references.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Json } from "../util/json.js";
import type { ProjectLocation } from "./find-project.js";
import type { KeyedResources } from "./keyed-resources.js";
import type { RunCheck } from "./read-resource.js";

/** Layouts and partials of a project, which are read on demand. */
interface SharedTemplates {
  emailLayout(key: string): Promise<EmailLayout | null>;
  partial(key: string): Promise<TemplatePartial | null>;
  listLayoutKeys(): Promise<string[]>;
  listPartialKeys(): Promise<string[]>;
}

export function openSharedTemplates(
  resources: KeyedResources,
  { onInvalid }: Pick<ProjectLocation, "onInvalid">,
): SharedTemplates {
  const list = async (kind: "layouts" | "partials"): Promise<string[]> =>
    (await resources.list(kind)).filter((key) => RESOURCE_KEY.test(key));

  async function read<T>(
    kind: "layouts" | "partials",
    key: string,
    parse: (key: string, raw: Json, file: string) => T,
  ): Promise<T | null> {
    if (!RESOURCE_KEY.test(key)) return null;
    const owner = kind === "layouts" ? "layout" : "partial";
    return resources.read(kind, key, { owner, onInvalid }, (raw, { displayPath }) => parse(key, raw, displayPath));
  }

  return {
    emailLayout: (key) => read("layouts", key, parseEmailLayout),
    partial: (key) => read("partials", key, parseTemplatePartial),
    listLayoutKeys: () => list("layouts"),
    listPartialKeys: () => list("partials"),
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
  const partialKeys = references.partials.length > 0 ? await shared.listPartialKeys() : [];
  const layoutKeys = await shared.listLayoutKeys();
  await runCheck(() => checkTemplateReferences(workflow, { layouts, layoutKeys, partialKeys }));
}
