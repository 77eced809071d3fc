import type { EmailTools } from "../../checks/email-tools.js";

/** Which files of a project are checked, and how. */
export interface ValidationOptions {
  /** The workflows to check. Empty for the whole project. */
  keys: readonly string[];
  cwd: string;
  /** The checks of rendered emails; null if emails are not checked. */
  emailTools: EmailTools | null;
}
