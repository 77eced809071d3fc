import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { type Channel, isInternal } from "../../domain/environment/environment.js";
import { originText, preferenceOrigin } from "../../domain/preferences/preference-origin.js";
import { decidePreferences, type PreferenceQuestion } from "../../domain/preferences/preferences.js";
import type { Reason } from "../../domain/run/outcome.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { JsonObject } from "../../util/json.js";
import type { Advancing } from "../advancing/advancing.js";
import { conditionLog, decidingCondition } from "../condition/condition-log.js";
import { type ConditionScope, evaluateConditionList } from "../condition/conditions.js";

/** Why a channel step sends nothing, and what its event tells of it. */
export interface Skip {
  skip: Reason;
  log?: JsonObject;
}

/** What preferences ask of a workflow; the same for each of its messages. */
const asked = new WeakMap<Workflow, PreferenceQuestion["workflow"]>();

function askedOf(workflow: Workflow): PreferenceQuestion["workflow"] {
  let one = asked.get(workflow);
  if (one === undefined) {
    one = { key: workflow.key, categories: workflow.categories, ...workflow.settings };
    asked.set(workflow, one);
  }
  return one;
}

/** Preference conditions know no message status (E-154), and after a batch only its first activity (E-155). */
function preferenceScope({ conditionScope, batch }: Advancing): ConditionScope {
  const { variables } = conditionScope;
  return {
    ...conditionScope,
    refs: () => undefined,
    variables: batch === null ? variables : { ...variables, data: batch.firstData },
  };
}

/**
 * Whether the recipient's preferences stop the channel (E-147 to E-157); null where they do not. The step's event names
 * the set that decided, the part of it, and its value or its conditions with what they compared (E-159).
 */
export function preferenceSkip(channel: Channel, advancing: Advancing): Skip | null {
  const { workflow } = advancing.input.compiled;
  if (workflow.settings.override_preferences) return null; // E-156: not even looked at
  if (isInternal(channel)) return null; // the destination is the step's, not the recipient's
  let compared: EvaluatedCondition[] = [];
  const decision = decidePreferences({
    set: advancing.preferences,
    workflow: askedOf(workflow),
    channel,
    evaluate: (conditions) => {
      const result = evaluateConditionList(conditions, preferenceScope(advancing));
      compared = result.evaluated;
      return result.passed;
    },
  });
  if (decision.allowed) return null;
  const { level, path, detail } = decision;
  const byConditions = path.at(-1) === "conditions";
  const origin = preferenceOrigin(advancing.preferenceSources, path);
  const said = `${detail} ${originText(origin)}`.trim();
  const preference: JsonObject = { ...(origin as unknown as JsonObject), path: path.join(".") };
  if (byConditions) preference.conditions = conditionLog(compared);
  else preference.value = false;
  return {
    skip: { code: "preference", detail: byConditions ? `${said}: ${decidingCondition(compared) ?? ""}` : said },
    log: { level, preference },
  };
}
