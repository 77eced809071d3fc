import type { EmailTools } from "../checks/email-tools.js";

/** The options of a validation: the files to check, and the checks. */
export interface ValidationOptions {
  /** The workflows to check. Empty for the whole project. */
  keys: readonly string[];
  cwd: string;
  /** The checks of rendered emails; null if emails are not checked. */
  emailTools: EmailTools | null;
}
