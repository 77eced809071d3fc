import * as z from "zod/mini";
import { $constructor, type $ZodUnionDef } from "zod/v4/core";
import { isJsonObject } from "../../util/json.js";

type Members = Readonly<Record<string, () => z.ZodMiniType>>;

interface DiscriminatedDef extends $ZodUnionDef {
  discriminator: string;
  members: Members;
}

// TypeScript wants the type of an assertion function written out.
const Union: $constructor<z.ZodMiniUnion> = z.ZodMiniUnion;

const Discriminated = $constructor<z.ZodMiniUnion, DiscriminatedDef>("Discriminated", (inst, def) => {
  Union.init(inst, def);
  inst._zod.parse = (payload, context) => {
    const { value, issues } = payload as { value: unknown; issues: unknown[] };
    if (!isJsonObject(value)) {
      issues.push({ code: "invalid_type", expected: "object", input: value, inst });
      return payload;
    }
    const name = value[def.discriminator];
    const member = typeof name === "string" && Object.hasOwn(def.members, name) ? def.members[name] : undefined;
    if (member !== undefined) return member()._zod.run(payload, context) as typeof payload;
    const values = Object.keys(def.members);
    issues.push({ code: "invalid_value", values, input: name, path: [def.discriminator], inst });
    return payload;
  };
});

/**
 * An object whose schema depends on one of its keys, such as `type`. Faults are those of the member that the key names;
 * zod's unions report that no member matches. A member is built when the first object of its kind is checked.
 */
export function discriminated<M extends Members>(
  discriminator: string,
  members: M,
): z.ZodMiniType<z.output<ReturnType<M[keyof M]>>> {
  const options = Object.values(members).map((member) => z.lazy(member));
  const schema = new Discriminated({ type: "union", options, discriminator, members });
  return schema as unknown as z.ZodMiniType<z.output<ReturnType<M[keyof M]>>>;
}
