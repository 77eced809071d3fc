import * as z from "zod/mini";
import { $constructor } from "zod/v4/core";

/** The reason why no member matches: a path below the value, and a sentence without the location. */
interface NoMatch {
  path: PropertyKey[];
  message: string;
  /** A schema for the fields that are known even without a member. */
  common?: z.ZodMiniType | undefined;
}

interface VariantOptions {
  /** Returns the schema that the value should match. */
  choose(value: unknown): z.ZodMiniType | NoMatch;
  /** Returns all schemas. Only the published JSON Schema needs them. */
  members(): z.ZodMiniType[];
  /** The field that selects the member, and its value in each member. */
  discriminator?: { field: string; names(): readonly (string | null)[] };
}

type Def = VariantOptions & { type: "union"; error?: undefined };

/**
 * Checks a value by the one schema that `choose` returns. A union would only report that none of its schemas matches,
 * and would build all of them. The published JSON Schema is that of a union.
 */
const Variant = $constructor<z.ZodMiniType & { _zod: { def: Def } }, Def>("KnockVariant", (inst, def) => {
  (z.ZodMiniType.init as (inst: unknown, def: unknown) => void)(inst, def);
  // The property is not enumerable, because a clone copies the definition and must not build the members.
  Object.defineProperty(def, "options", { configurable: true, get: () => def.members() });
  inst._zod.parse = (payload, context) => {
    const chosen = def.choose(payload.value);
    if ("_zod" in chosen) return chosen._zod.run(payload, context);
    const { path, message, common } = chosen;
    payload.issues.push({ code: "custom", input: payload.value, inst, path, message });
    if (common === undefined) return payload;
    const rest = common._zod.run({ value: payload.value, issues: [] }, context) as typeof payload;
    payload.issues.push(...rest.issues);
    return payload;
  };
});

/** Returns a function that builds the schema of a member when it is first needed, and then reuses it. */
export function memoizeSchema<M>(build: (member: M) => z.ZodMiniType): (member: M) => z.ZodMiniType {
  const schemas = new Map<M, z.ZodMiniType>();
  return (member) => {
    let schema = schemas.get(member);
    if (schema === undefined) {
      schema = build(member);
      schemas.set(member, schema);
    }
    return schema;
  };
}

/** Returns a schema that checks each value by the schema that `choose` returns for it. */
export function variant<T>(options: VariantOptions): z.ZodMiniType<T> {
  return new Variant({ type: "union", ...options }) as z.ZodMiniType<T>;
}
