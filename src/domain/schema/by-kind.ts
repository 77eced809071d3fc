import * as z from "zod/mini";
import { $constructor, type $ZodUnionDef } from "zod/v4/core";
import { isJsonObject } from "../../util/json.js";

type Kind = "text" | "flag" | "list" | "object";
type Members = { readonly [K in Kind]?: () => z.ZodMiniType };
type Output<M extends Members> = { [K in keyof M]: M[K] extends () => infer S ? z.output<S> : never }[keyof M];

interface ByKindDef extends $ZodUnionDef {
  members: Members;
  expected: string;
}

function kindOf(value: unknown): Kind | undefined {
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "flag";
  return Array.isArray(value) ? "list" : isJsonObject(value) ? "object" : undefined;
}

// TypeScript wants the type of an assertion function written out.
const Union: $constructor<z.ZodMiniUnion> = z.ZodMiniUnion;

const ByKind = $constructor<z.ZodMiniUnion, ByKindDef>("ByKind", (inst, def) => {
  Union.init(inst, def);
  inst._zod.parse = (payload, context) => {
    const { value, issues } = payload as { value: unknown; issues: unknown[] };
    const kind = kindOf(value);
    const member = kind === undefined ? undefined : def.members[kind];
    if (member !== undefined) return member()._zod.run(payload, context) as typeof payload;
    issues.push({ code: "invalid_type", expected: def.expected, input: value, inst });
    return payload;
  };
});

/**
 * A value whose schema depends on its JSON type, such as an ID or an object with one. Faults are those of the member of its
 * type; zod's unions report that no member matches. `expected` names the valid types in the error. A member is built when the
 * first value of its type is checked.
 */
export function byKind<M extends Members>(expected: string, members: M): z.ZodMiniType<Output<M>> {
  const options = Object.values(members).map((member) => z.lazy(member));
  return new ByKind({ type: "union", options, members, expected }) as unknown as z.ZodMiniType<Output<M>>;
}
