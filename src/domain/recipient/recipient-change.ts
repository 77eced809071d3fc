import { type RecipientKey, splitRecipientKey, USERS } from "./recipient.js";

/** What a write changed of a recipient. */
interface RecipientChange {
  isNew: boolean;
  propertiesChanged: boolean;
  /** Preferences or channel data. */
  partsChanged: boolean;
}

/** Who must follow a written recipient. */
interface RecipientChangeEffects {
  /** Dynamic audiences, which users enter and leave by their properties (E-334, E-387). */
  affectsAudiences: boolean;
  /** Runs that wait for an update of the recipient (E-335). */
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
