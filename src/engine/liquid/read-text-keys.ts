import type { Template } from "liquidjs";
import { RenderPartialTag } from "./partials.js";
import { drainGenerator, listArguments } from "./template-parts.js";

/** A key of a partial or a translation that a text names, with its location in the text. */
export interface TextKey {
  kind: "partial" | "translation";
  key: string;
  line: number;
  column: number;
}

/** Yields the tags and outputs of a text, also those inside tags. */
function* walkTemplates(templates: readonly Template[]): Generator<Template> {
  for (const template of templates) {
    yield template;
    yield* walkTemplates(drainGenerator(template.children?.(false, true)));
  }
}

/** The properties of the expressions of liquidjs that are read here. */
interface Expression {
  filters?: { name: string }[];
  initial?: { postfix: { content?: unknown; getPosition(): number[] }[] };
}

/** Returns the key that the filter `t` translates, if it is a text in the template. `default` expects that it is missing. */
function readTranslationKey({ filters = [], initial }: Expression): TextKey[] {
  const [token, ...others] = initial?.postfix ?? [];
  const [translate, next] = filters;
  if (translate?.name !== "t" || next?.name === "default") return [];
  if (token === undefined || others.length > 0 || typeof token.content !== "string") return [];
  const [line = 1, column = 1] = token.getPosition();
  return [{ kind: "translation", key: token.content, line, column }];
}

/** Returns the keys of the partials that the `render` tags of a text name, and those of translations that it contains. */
export function readTextKeys(templates: readonly Template[]): TextKey[] {
  return [...walkTemplates(templates)].flatMap((template): TextKey[] => {
    const expressions = listArguments(template) as Expression[];
    const translations = expressions.flatMap(readTranslationKey);
    if (!(template instanceof RenderPartialTag) || template.key === null) return translations;
    const [line = 1, column = 1] = template.token.getPosition();
    return [{ kind: "partial", key: template.key, line, column }, ...translations];
  });
}
