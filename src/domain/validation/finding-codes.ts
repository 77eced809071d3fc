type Severity = "error" | "warning";

/**
 * Every code of a finding of `knock validate`, with its severity. Errors have the code of the error that the file causes
 * when it is used. `finding-explanations.ts` says what each other code means; it is a separate module, so that a start
 * does not load these texts.
 */
export const FINDING_CODES = {
  project_invalid: "error",
  workflow_invalid: "error",
  template_invalid: "error",
  scenario_invalid: "error",
  missing_document: "warning",
  ignored_file: "warning",
  duplicate_key: "warning",
  unknown_key: "warning",
  ineffective_setting: "warning",
  undeclared_channel: "warning",
  suspicious_value: "warning",
  undefined_variable: "warning",
  empty_after_batch: "warning",
  object_output: "warning",
  unreachable_step: "warning",
  later_step_ref: "warning",
  impossible_condition: "warning",
  type_mismatch: "warning",
  unusable_time: "warning",
  empty_window: "warning",
  window_over_limit: "warning",
  silent_drop: "warning",
  unknown_workflow: "warning",
  unknown_reference: "warning",
  workflow_cycle: "warning",
  unknown_preference_key: "warning",
  sample_data_invalid: "warning",
  missing_translation: "warning",
  unknown_translation_key: "warning",
  unknown_input: "warning",
  missing_input: "warning",
  email_not_checked: "warning",
  email_clipped: "warning",
  email_missing_alt: "warning",
  email_missing_title: "warning",
  email_missing_preheader: "warning",
  email_placeholder_link: "warning",
  email_missing_unsubscribe: "warning",
  email_unsupported_feature: "warning",
  email_low_contrast: "warning",
  invalid_silencer: "warning",
  unused_silencer: "warning",
} as const satisfies Record<string, Severity>;

export type FindingCode = keyof typeof FINDING_CODES;

/** Returns whether a code is of a finding that is looked for only with `--emails`. */
export const isEmailFindingCode = (code: string): boolean => code.startsWith("email_");

export const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(FINDING_CODES, code);
