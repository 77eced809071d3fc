import type { Template } from "liquidjs";

/** Returns the result of a generator of liquidjs. It yields a value to wait for only if it loads partials. */
export function drainGenerator(children: Generator<unknown, Template[]> | undefined): Template[] {
  if (children === undefined) return [];
  for (;;) {
    const next = children.next();
    if (next.done) return next.value;
  }
}

/** Returns the expressions of a tag or an output. liquidjs also yields an undefined one for a parameter without a value (`reversed`). */
export const listArguments = (template: Template): unknown[] =>
  [...(template.arguments?.() ?? [])].filter((argument) => argument !== undefined);
