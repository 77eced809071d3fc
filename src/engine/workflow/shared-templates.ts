import type { EmailLayout } from "../../domain/template/email-layout.js";
import { collectPartialKeys, type TemplatePartial } from "../../domain/template/template-partial.js";
import { collectTemplateReferences } from "../../domain/workflow/check-template-references.js";
import { collectRequestKeys, type SharedRequest } from "../../domain/workflow/shared-request.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { catchKnockError, KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import { computeDigest } from "../../util/ids.js";

/**
 * The current layouts, partials and shared requests of a project. They are not part of a workflow's version (T-101).
 */
export type SharedTemplateSource = Pick<Definitions, "emailLayout" | "partial"> &
  Partial<Pick<Definitions, "environment" | "request" | "onTemplateCondition">>;

/**
 * The layouts, partials and requests that a workflow's templates name. An error stands for one that could not be read,
 * and is reported when it is rendered.
 */
export interface SharedTemplates {
  /** The digest of the layouts, partials and requests; empty if the workflow names none. */
  id: string;
  layouts: ReadonlyMap<string, EmailLayout | KnockError>;
  partials: ReadonlyMap<string, TemplatePartial | KnockError>;
  /** Requests that fetch steps share (E-305). */
  requests: ReadonlyMap<string, SharedRequest | KnockError>;
}

/** The names used by each version, cached because they are needed for each trigger. */
const sharedKeysByWorkflow = new WeakMap<
  Workflow,
  ReturnType<typeof collectTemplateReferences> & { requests: readonly string[] }
>();

function getSharedKeys(workflow: Workflow) {
  let keys = sharedKeysByWorkflow.get(workflow);
  if (keys === undefined) {
    keys = { ...collectTemplateReferences(workflow), requests: collectRequestKeys(workflow) };
    sharedKeysByWorkflow.set(workflow, keys);
  }
  return keys;
}

const NO_SHARED_TEMPLATES: SharedTemplates = { id: "", layouts: new Map(), partials: new Map(), requests: new Map() };

/**
 * Reads the layouts, partials and shared requests that a workflow names, including partials that other partials name.
 */
export async function readSharedTemplates(workflow: Workflow, source: SharedTemplateSource): Promise<SharedTemplates> {
  const keys = getSharedKeys(workflow);
  if (keys.layouts.length + keys.partials.length + keys.requests.length === 0) return NO_SHARED_TEMPLATES;
  const requests = new Map<string, SharedRequest | KnockError>();
  for (const key of keys.requests) {
    const request = await catchKnockError(source.request?.(key) ?? Promise.resolve(null));
    if (request !== null) requests.set(key, request);
  }
  const layouts = new Map<string, EmailLayout | KnockError>();
  const partials = new Map<string, TemplatePartial | KnockError>();
  const partialKeys = new Set(keys.partials);
  for (const key of keys.layouts) {
    const layout = await catchKnockError(source.emailLayout(key));
    if (layout === null) continue;
    layouts.set(key, layout);
    if (layout instanceof KnockError) continue;
    for (const partialKey of collectPartialKeys(layout.html_layout + layout.text_layout)) partialKeys.add(partialKey);
  }
  // Partials name partials, so the set grows while it is iterated.
  for (const key of partialKeys) {
    const partial = await catchKnockError(source.partial(key));
    if (partial === null) continue;
    partials.set(key, partial);
    if (!(partial instanceof KnockError))
      for (const partialKey of collectPartialKeys(partial.content)) partialKeys.add(partialKey);
  }
  const content = [...layouts, ...partials, ...requests].map(([key, template]) => [
    key,
    template instanceof KnockError ? template.message : template,
  ]);
  return { id: content.length === 0 ? "" : computeDigest(JSON.stringify(content)), layouts, partials, requests };
}
