import type { Step } from "../step/step.js";
import { getStepDefinition } from "./step-definitions.js";

/** The properties that the steps before a step may have added to the scope. */
export class ScopeChanges {
  /** The properties by root. Null if they are not known. */
  private readonly added = new Map<string, readonly string[] | null>();

  add(step: Step): void {
    const { changedScopes = [], listAddedProperties } = getStepDefinition(step);
    for (const root of changedScopes) {
      const before = this.listAdded(root);
      const names = listAddedProperties?.(step) ?? null;
      this.added.set(root, before === null || names === null ? null : [...before, ...names]);
    }
  }

  /** Returns the roots to which any property may have been added. */
  listOpenRoots(): string[] {
    return [...this.added].flatMap(([root, names]) => (names === null ? [root] : []));
  }

  /** Returns the properties that may have been added to a root; null if they are not known. */
  listAdded(root: string): readonly string[] | null {
    const names = this.added.get(root);
    return names === undefined ? [] : names;
  }
}
