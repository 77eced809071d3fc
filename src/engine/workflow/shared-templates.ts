import type { EmailLayout } from "../../domain/template/email-layout.js";
import { partialKeysIn, type TemplatePartial } from "../../domain/template/template-partial.js";
import { sharedKeysOf } from "../../domain/workflow/check-email-template.js";
import { requestKeysOf, type SharedRequest } from "../../domain/workflow/shared-request.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import { contentDigest } from "../../util/ids.js";
import { orFault } from "../context/fault.js";

/** Layouts, partials and shared requests as the project has them now: no part of a workflow's version (T-101). */
export type SharedSource = Pick<Definitions, "emailLayout" | "partial"> &
  Partial<Pick<Definitions, "environment" | "request">>;

/** What a workflow's templates name. An error stands for what could not be read: it is told when it is rendered. */
export interface SharedTemplates {
  /** Tells versions of the same layouts and partials apart; empty where nothing is named. */
  id: string;
  layouts: ReadonlyMap<string, EmailLayout | KnockError>;
  partials: ReadonlyMap<string, TemplatePartial | KnockError>;
  /** Requests that fetch steps share (E-305). */
  requests: ReadonlyMap<string, SharedRequest | KnockError>;
}

/** What each version names: a server asks for each trigger. */
const named = new WeakMap<Workflow, ReturnType<typeof sharedKeysOf> & { requests: readonly string[] }>();

function namedBy(workflow: Workflow) {
  let keys = named.get(workflow);
  if (keys === undefined) {
    keys = { ...sharedKeysOf(workflow), requests: requestKeysOf(workflow) };
    named.set(workflow, keys);
  }
  return keys;
}

const NOTHING: SharedTemplates = { id: "", layouts: new Map(), partials: new Map(), requests: new Map() };

/** Reads the layouts, partials and shared requests that a workflow names, those that partials name included. */
export async function readSharedTemplates(workflow: Workflow, source: SharedSource): Promise<SharedTemplates> {
  const keys = namedBy(workflow);
  if (keys.layouts.length + keys.partials.length + keys.requests.length === 0) return NOTHING;
  const requests = new Map<string, SharedRequest | KnockError>();
  for (const key of keys.requests) {
    const request = await orFault(source.request?.(key) ?? Promise.resolve(null));
    if (request !== null) requests.set(key, request);
  }
  const layouts = new Map<string, EmailLayout | KnockError>();
  const partials = new Map<string, TemplatePartial | KnockError>();
  const wanted = new Set(keys.partials);
  for (const key of keys.layouts) {
    const layout = await orFault(source.emailLayout(key));
    if (layout === null) continue;
    layouts.set(key, layout);
    if (layout instanceof KnockError) continue;
    for (const one of partialKeysIn(layout.html_layout + layout.text_layout)) wanted.add(one);
  }
  // A set may grow while it is walked: partials name partials.
  for (const key of wanted) {
    const partial = await orFault(source.partial(key));
    if (partial === null) continue;
    partials.set(key, partial);
    if (!(partial instanceof KnockError)) for (const one of partialKeysIn(partial.content)) wanted.add(one);
  }
  const content = [...layouts, ...partials, ...requests].map(([key, one]) => [
    key,
    one instanceof KnockError ? one.message : one,
  ]);
  return { id: content.length === 0 ? "" : contentDigest(JSON.stringify(content)), layouts, partials, requests };
}
