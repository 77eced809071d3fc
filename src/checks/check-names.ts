import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { FindingCode } from "../domain/validation/finding-codes.js";
import { suggestNearest } from "../util/find-nearest.js";

/** The kinds of names that documents refer to, with the finding about a name that does not exist. */
const NAME_KINDS = {
  workflow: { code: "unknown_workflow", problem: "is not a workflow" },
  channel: { code: "undeclared_channel", problem: "is not a channel of environment.json" },
  audience: { code: "unknown_reference", problem: "is not an audience of this project" },
  guide: { code: "unknown_reference", problem: "is not a guide of this project" },
  step: { code: "unknown_reference", problem: "is not a step of the workflow" },
} as const satisfies Record<string, { code: FindingCode; problem: string }>;

type NameKind = keyof typeof NAME_KINDS;

/** A name in a document, with its path. */
export interface Reference {
  kind: NameKind;
  name: string;
  path: PropertyKey[];
  /** The workflow whose step is named. */
  workflow?: string;
}

/** The names in a project by kind. A kind whose names are not complete is absent, and not checked. */
type NamesByKind = Readonly<Partial<Record<Exclude<NameKind, "step">, readonly string[]>>> & {
  /** The refs of the steps by workflow. */
  steps?: ReadonlyMap<string, readonly string[]>;
};

/** Returns the finding about a name that does not exist, with the nearest one that does. */
export const describeUnknownName = (
  { kind, name, path }: Omit<Reference, "workflow">,
  known: readonly string[],
): CheckFinding => {
  const { code, problem } = NAME_KINDS[kind];
  return { code, path, message: `${problem}: "${name}"${suggestNearest(name, known)}` };
};

/** Finds the names in documents that a project does not have. */
export class NameChecker {
  constructor(private readonly names: NamesByKind) {}

  private listKnown({ kind, workflow = "" }: Reference): readonly string[] | undefined {
    return kind === "step" ? this.names.steps?.get(workflow) : this.names[kind];
  }

  check(references: Iterable<Reference>): CheckFinding[] {
    return [...references].flatMap((reference) => {
      const known = this.listKnown(reference);
      return known === undefined || known.includes(reference.name) ? [] : [describeUnknownName(reference, known)];
    });
  }
}
