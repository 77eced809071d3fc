import { sharedKeysOf } from "../domain/check-email-template.js";
import type { EmailLayout } from "../domain/email-layout.js";
import { partialKeysIn, type TemplatePartial } from "../domain/template-partial.js";
import type { Workflow } from "../domain/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import type { Definitions } from "../ports/definitions.js";
import { contentDigest } from "../util/ids.js";
import { orFault } from "./fault.js";

/** Layouts and partials as the project has them now: no part of a workflow's version (T-101). */
export type SharedSource = Pick<Definitions, "emailLayout" | "partial"> & Partial<Pick<Definitions, "environment">>;

/** What a workflow's templates name. An error stands for what could not be read: it is told when it is rendered. */
export interface SharedTemplates {
  /** Tells versions of the same layouts and partials apart; empty where nothing is named. */
  id: string;
  layouts: ReadonlyMap<string, EmailLayout | KnockError>;
  partials: ReadonlyMap<string, TemplatePartial | KnockError>;
}

/** What each version names: a server asks for each trigger. */
const named = new WeakMap<Workflow, ReturnType<typeof sharedKeysOf>>();

function namedBy(workflow: Workflow): ReturnType<typeof sharedKeysOf> {
  let keys = named.get(workflow);
  if (keys === undefined) {
    keys = sharedKeysOf(workflow);
    named.set(workflow, keys);
  }
  return keys;
}

const NOTHING: SharedTemplates = { id: "", layouts: new Map(), partials: new Map() };

/** Reads the layouts and partials that a workflow names, those that partials name included. */
export async function readSharedTemplates(workflow: Workflow, source: SharedSource): Promise<SharedTemplates> {
  const keys = namedBy(workflow);
  if (keys.layouts.length === 0 && keys.partials.length === 0) return NOTHING;
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
  const content = [...layouts, ...partials].map(([key, one]) => [key, one instanceof KnockError ? one.message : one]);
  return { id: content.length === 0 ? "" : contentDigest(JSON.stringify(content)), layouts, partials };
}
