import type { Template } from "liquidjs";

/** An expression of a tag or an output: a token, or an expression with filters. */
export type Argument = ReturnType<NonNullable<Template["arguments"]>> extends Iterable<infer A> ? A : never;

import { type TextPosition, TextPositions } from "../../util/text-positions.js";

/** Returns the result of a generator of liquidjs. It yields a value to wait for only if it loads partials. */
export function drainGenerator(children: Generator<unknown, Template[]> | undefined): Template[] {
  if (children === undefined) return [];
  for (;;) {
    const next = children.next();
    if (next.done) return next.value;
  }
}

/** Returns the expressions of a tag or an output. liquidjs also yields an undefined one for a parameter without a value (`reversed`). */
export const listArguments = (template: Template): Argument[] =>
  [...(template.arguments?.() ?? [])].filter((argument) => argument !== undefined);

/** The properties of a token of liquidjs that say where it is. */
export interface LocatedToken {
  input: string;
  begin: number;
}

/** Finds the positions of the tokens of one text. `getPosition` of a token reads the whole text before it. */
export class TokenPositions {
  private input: string | null = null;
  private positions = new TextPositions("");

  find({ input, begin }: LocatedToken): TextPosition {
    if (input !== this.input) {
      this.input = input;
      this.positions = new TextPositions(input);
    }
    return this.positions.find(begin);
  }
}
