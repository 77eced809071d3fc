import type { ERROR_CODES } from "../../errors/error-codes.js";
import type { FindingCode } from "./finding-codes.js";

/** What a finding means, and how to fix it. Texts are Markdown sentences. */
interface FindingExplanation {
  meaning: string;
  fix: string;
}

/** The explanation of each code of a finding that is not also the code of an error. */
export const FINDING_EXPLANATIONS: Readonly<
  Record<Exclude<FindingCode, keyof typeof ERROR_CODES>, FindingExplanation>
> = {
  unknown_key: {
    meaning: "A document has a key that its format does not have. The key has no effect.",
    fix: "Correct the key as the message suggests, or remove it.",
  },
  ineffective_setting: {
    meaning: "A setting of a workflow is valid but has no effect.",
    fix: "Remove the setting, or add what it refers to.",
  },
  undeclared_channel: {
    meaning: "A step uses a channel that `environment.json` does not declare. The channel is sandboxed.",
    fix: "Correct the step's `channel_key`, or declare the channel in `environment.json`.",
  },
  suspicious_value: {
    meaning:
      "A property of the environment or of a recipient has a value that is probably wrong, such as an unknown time zone.",
    fix: "Correct the value at the location in the message.",
  },
};
