import type { Template } from "liquidjs";
import type { ParsedText } from "./liquid.js";
import { RenderPartialTag } from "./partials.js";
import { drainGenerator } from "./read-variables.js";

/** A key that a text names, with its location in the text. */
export interface TextKey {
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

/** Returns the keys of the partials that the `render` tags of a text name. */
export function readPartialKeys(templates: ParsedText): TextKey[] {
  return [...walkTemplates(templates)].flatMap((template): TextKey[] => {
    if (!(template instanceof RenderPartialTag) || template.key === null) return [];
    const [line = 1, column = 1] = template.token.getPosition();
    return [{ key: template.key, line, column }];
  });
}
