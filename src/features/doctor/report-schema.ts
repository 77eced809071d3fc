import * as z from "zod/mini";
import { described, optional } from "../../domain/schema/fields.js";
import { textField } from "../../domain/schema/output-fields.js";

const doctorCheckSchema = z.object({
  name: textField("The name of the check."),
  status: described(z.enum(["ok", "warning", "error"]), "An error makes the command exit 1."),
  message: textField("The result."),
  hint: described(optional(z.string()), "How to fix the problem."),
});

/** The schema of what `knock doctor --json` prints. */
export const doctorReportSchema = z.object({
  checks: described(z.array(doctorCheckSchema), "The checks, in the order in which they ran."),
});

export type DoctorCheck = z.infer<typeof doctorCheckSchema>;
export type DoctorReport = z.infer<typeof doctorReportSchema>;
