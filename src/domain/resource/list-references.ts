import { isJsonObject, type Json } from "../../util/json.js";
import { BUILT_IN_VARIABLES } from "../environment/built-in-variables.js";
import type { ResourceDocument } from "./resource-document.js";

/** The parts of an account that a resource names, and which no push creates. */
interface ResourceReferences {
  channels: Set<string>;
  channelGroups: Set<string>;
  variables: Set<string>;
  categories: Set<string>;
}

/** Returns the channels, channel groups, variables and preference categories that a resource names. */
export function listReferences({ type, content }: ResourceDocument): ResourceReferences {
  const references: ResourceReferences = {
    channels: new Set(),
    channelGroups: new Set(),
    variables: new Set(),
    categories: new Set(),
  };
  if (type === "workflow" && Array.isArray(content.categories))
    for (const category of content.categories) if (typeof category === "string") references.categories.add(category);
  collect(content, references);
  return references;
}

const VARIABLE = /(?<![\w.])vars\.([A-Za-z_][\w-]*)/g;

/** Returns the variables in the outputs and tags of a template, or in a condition, which has no braces. */
function listVariables(text: string): string[] {
  const findAll = (part: string): string[] => [...part.matchAll(VARIABLE)].map(([, name]) => name as string);
  if (/^vars\.[\w-]+$/.test(text)) return findAll(text);
  // Each part after an opening brace ends at the next closing one.
  return text
    .split(/\{[{%]/)
    .slice(1)
    .flatMap((part) => findAll(part.split(/[}%]\}/, 1)[0] ?? ""));
}

function collect(value: Json, references: ResourceReferences): void {
  if (typeof value === "string") {
    if (!value.includes("vars.")) return;
    for (const name of listVariables(value)) if (!BUILT_IN_VARIABLES.includes(name)) references.variables.add(name);
  } else if (Array.isArray(value)) for (const item of value) collect(item, references);
  else if (isJsonObject(value)) {
    if (typeof value.channel_key === "string") references.channels.add(value.channel_key);
    if (typeof value.channel_group_key === "string") references.channelGroups.add(value.channel_group_key);
    for (const child of Object.values(value))
      if (typeof child === "object" || typeof child === "string") collect(child, references);
  }
}
