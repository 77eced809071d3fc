import { type RecipientKey, splitRecipientKey, USERS } from "./recipient.js";

/** The parts of a recipient that a write changed. */
interface RecipientChange {
  isNew: boolean;
  propertiesChanged: boolean;
  /** Whether preferences or channel data changed. */
  partsChanged: boolean;
}

/** Whether a change of a recipient affects audiences and runs. */
interface RecipientChangeEffects {
  /** Whether dynamic audiences may change. Users join and leave them by their properties (E-334, E-387). */
  affectsAudiences: boolean;
  /** Whether runs that wait for an update of the recipient may continue (E-335). */
  affectsRuns: boolean;
}

export function resolveChangeEffects(
  key: RecipientKey,
  { isNew, propertiesChanged, partsChanged }: RecipientChange,
): RecipientChangeEffects {
  return {
    affectsAudiences: (isNew || propertiesChanged) && splitRecipientKey(key).collection === USERS,
    affectsRuns: !isNew && (propertiesChanged || partsChanged),
  };
}
