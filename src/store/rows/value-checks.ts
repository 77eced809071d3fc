import { isJsonObject } from "../../util/json.js";

/** Returns whether the value of a JSON column has everything that the code that reads it relies on. */
export type ValueCheck = (value: unknown) => boolean;

export const isText: ValueCheck = (value) => typeof value === "string";
const isTextOrNull: ValueCheck = (value) => value === null || value === undefined || isText(value);
const isNumber: ValueCheck = (value) => value === undefined || Number.isSafeInteger(value);

export const createListCheck =
  (check: ValueCheck): ValueCheck =>
  (value) =>
    Array.isArray(value) && value.every(check);

export const isReason: ValueCheck = (reason) => reason === null || (isJsonObject(reason) && isText(reason.code));

export const isStep: ValueCheck = (step) => {
  const {
    ref,
    type,
    outcome,
    reason = null,
  } = Array.isArray(step)
    ? { ref: step[0], type: step[1], outcome: step[2], reason: step[3] }
    : isJsonObject(step)
      ? step
      : {};
  return isText(ref) && isText(type) && isText(outcome) && isReason(reason);
};

export const isEvent = (event: unknown): event is unknown[] =>
  Array.isArray(event) && isText(event[0]) && isNumber(event[1]);
/** Zero stands for the step of the event before. */
const isStepName: ValueCheck = (name) => isTextOrNull(name) || name === 0;
export const isRunEvent: ValueCheck = (event) => isEvent(event) && isStepName(event[2]) && isStepName(event[3]);

export const isVersion: ValueCheck = (version) =>
  isJsonObject(version) &&
  isText(version.key) &&
  isText(version.version_id) &&
  createListCheck(isText)(version.categories) &&
  Array.isArray(version.steps);
export const isPreferences: ValueCheck = (sets) => isJsonObject(sets) && Object.values(sets).every(isJsonObject);
export const isSubscription: ValueCheck = (value) =>
  isJsonObject(value) && isText(value.object) && isText(value.recipient);
