import type { Template } from "liquidjs";
import { RenderPartialTag } from "./partials.js";
import { drainGenerator, type LocatedToken, listArguments, TokenPositions } from "./template-parts.js";

/** A key of a partial or a translation that a text names, with its location in the text. */
export interface TextKey {
  kind: "partial" | "translation";
  key: string;
  line: number;
  column: number;
  /** The inputs that are passed to the partial or translation. */
  inputs: TextInput[];
}

interface TextInput {
  name: string;
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
  filters?: { name: string; args?: ([name?: string, value?: LocatedToken] | LocatedToken)[] }[];
  initial?: { postfix: ({ content?: unknown } & LocatedToken)[] };
}

/** Returns the key that the filter `t` translates, if it is a text in the template. `default` expects that it is missing. */
function readTranslationKey({ filters = [], initial }: Expression, positions: TokenPositions): TextKey[] {
  const [token, ...others] = initial?.postfix ?? [];
  const [translate, next] = filters;
  if (translate?.name !== "t" || next?.name === "default") return [];
  if (token === undefined || others.length > 0 || typeof token.content !== "string") return [];
  const inputs = (translate.args ?? []).flatMap((arg): TextInput[] => {
    if (!Array.isArray(arg)) return [];
    const [name, value] = arg;
    if (name === undefined) return [];
    // An input without a value, as in `t: count:`, has no position.
    if (value === undefined) return [{ name, ...positions.find(token) }];
    const { input, begin } = value;
    return [{ name, ...positions.find({ input, begin: Math.max(token.begin, input.lastIndexOf(name, begin - 1)) }) }];
  });
  return [{ kind: "translation", key: token.content, ...positions.find(token), inputs }];
}

/** Returns the keys of the partials that the `render` tags of a text name, and those of translations that it contains. */
export function readTextKeys(templates: readonly Template[]): TextKey[] {
  const positions = new TokenPositions();
  return [...walkTemplates(templates)].flatMap((template): TextKey[] => {
    const translations = listArguments(template).flatMap((expression) =>
      "initial" in expression ? readTranslationKey(expression, positions) : [],
    );
    if (!(template instanceof RenderPartialTag) || template.key === null) return translations;
    const { key, token } = template;
    const inputs = template
      .listInputs()
      .map(({ name, begin }) => ({ name, ...positions.find({ input: token.input, begin }) }));
    return [{ kind: "partial", key, ...positions.find(token), inputs }, ...translations];
  });
}
