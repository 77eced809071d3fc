import type { ErrorCode } from "./error-codes.js";
import { CONFIGURATION_ERRORS } from "./explanations/configuration-errors.js";
import { CONNECTION_ERRORS } from "./explanations/connection-errors.js";
import type { ErrorExplanation } from "./explanations/error-explanation.js";
import { INPUT_ERRORS } from "./explanations/input-errors.js";
import { STATE_ERRORS } from "./explanations/state-errors.js";

/** The explanation of each error code, for `knock help error` and the troubleshooting page. */
export const ERROR_EXPLANATIONS: Readonly<Record<ErrorCode, ErrorExplanation>> = {
  ...INPUT_ERRORS,
  ...CONFIGURATION_ERRORS,
  ...STATE_ERRORS,
  ...CONNECTION_ERRORS,
};
