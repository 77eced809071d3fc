import type * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { describeType } from "./describe-issue.js";
import { builtOnce, variant } from "./variant.js";

type Kind = "text" | "number" | "flag" | "list" | "object";
type Members = { readonly [K in Kind]?: () => z.ZodMiniType };
type Output<M extends Members> = { [K in keyof M]: M[K] extends () => infer S ? z.output<S> : never }[keyof M];

function findKind(value: unknown): Kind | undefined {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "flag";
  return Array.isArray(value) ? "list" : isJsonObject(value) ? "object" : undefined;
}

/**
 * A value whose schema depends on its JSON type, such as an ID or an object with one. Faults are those of the member of its
 * type; zod's unions report that no member matches. `expected` names the valid types in the error. A member is built when the
 * first value of its type is checked.
 */
export function byKind<M extends Members>(expected: string, members: M): z.ZodMiniType<Output<M>> {
  const noMember = (value: unknown) => ({ path: [], message: describeType(expected, value) });
  const schemaOf = builtOnce((member: () => z.ZodMiniType) => member());
  return variant({
    members: () => Object.values(members).map(schemaOf),
    choose(value) {
      const kind = findKind(value);
      const member = kind === undefined ? undefined : members[kind];
      return member === undefined ? noMember(value) : schemaOf(member);
    },
  });
}
