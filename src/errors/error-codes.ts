/** Every exit code of the command. `exit-code-meanings.ts` says what each one means. */
export const EXIT = {
  success: 0,
  failure: 1,
  invalid_input: 2,
  configuration: 3,
  not_allowed: 4,
  not_found: 5,
  conflict: 6,
  unreachable: 7,
  rate_limited: 8,
  partial: 9,
  timed_out: 10,
  internal: 70,
  hung_up: 129,
  interrupted: 130,
  terminated: 143,
} as const;

interface ErrorCodeDefinition {
  exit: (typeof EXIT)[keyof typeof EXIT];
  /** The hint of errors that do not have a more specific one, so that every error names a next step. */
  hint?: string;
  /** Whether the error has several causes, so that its explanation helps more than its hint. */
  hasSeveralCauses?: boolean;
}

/**
 * Every error code, with the exit code of the command. `error-explanations.ts` says what each one means; it is a separate
 * module, so that a start does not load these texts.
 */
export const ERROR_CODES = {
  usage: { exit: EXIT.invalid_input, hint: "Add --help to list the arguments and options." },
  invalid_json: {
    exit: EXIT.invalid_input,
    hint: "Use double quotes for names and texts, no comma after the last item, and no comments.",
  },
  invalid_params: {
    exit: EXIT.invalid_input,
    hint: "Fix the value above and run the command again. Nothing was changed.",
  },
  payload_too_large: { exit: EXIT.invalid_input, hint: "Send less data in one trigger. Nothing was changed." },
  channel_invalid: { exit: EXIT.invalid_input },
  not_supported: { exit: EXIT.configuration, hasSeveralCauses: true },
  project_missing: { exit: EXIT.configuration },
  project_invalid: {
    exit: EXIT.configuration,
    hint: "Fix the file above and run the command again. Nothing was changed.",
  },
  workflow_invalid: {
    exit: EXIT.configuration,
    hint: "Fix the workflow's files and run the command again. Nothing was changed.",
  },
  template_invalid: { exit: EXIT.configuration },
  scenario_invalid: { exit: EXIT.configuration, hint: "Fix the scenario above and run `knock test` again." },
  report_failed: {
    exit: EXIT.configuration,
    hint: "Give a path that is writable. The command ran, and its other results are complete.",
  },
  warning: { exit: EXIT.configuration },
  store_unusable: { exit: EXIT.configuration, hasSeveralCauses: true },
  profile_invalid: { exit: EXIT.configuration, hasSeveralCauses: true },
  authentication: { exit: EXIT.not_allowed, hasSeveralCauses: true },
  not_allowed: { exit: EXIT.not_allowed, hasSeveralCauses: true },
  workflow_missing: {
    exit: EXIT.not_found,
    hint: "Workflows are in workflows/<key>/workflow.json below knockDir. Use --project to choose another project.",
  },
  actor_missing: { exit: EXIT.not_found },
  resource_missing: { exit: EXIT.not_found },
  workflow_inactive: { exit: EXIT.conflict },
  idempotency_conflict: { exit: EXIT.conflict },
  conflict: { exit: EXIT.conflict },
  confirmation_needed: { exit: EXIT.conflict },
  too_many_recipients: {
    exit: EXIT.conflict,
    hint: "Check the recipients, or raise --max-recipients. This trigger was not sent.",
  },
  recipient_not_allowed: { exit: EXIT.conflict, hint: "Use recipients that the guard allows. Nothing was sent." },
  journal_conflict: { exit: EXIT.conflict, hasSeveralCauses: true },
  journal_failed: { exit: EXIT.configuration },
  unreachable: { exit: EXIT.unreachable, hasSeveralCauses: true },
  port_in_use: { exit: EXIT.unreachable },
  remote_failed: { exit: EXIT.unreachable, hasSeveralCauses: true },
  rate_limited: { exit: EXIT.rate_limited },
  too_much_due_work: {
    exit: EXIT.rate_limited,
    hint: "Try again when the workers have caught up, or start more of them with `knock worker`. Nothing was triggered.",
  },
  output_failed: { exit: EXIT.failure },
  interrupted: { exit: EXIT.interrupted },
  internal: { exit: EXIT.internal },
} as const satisfies Record<string, ErrorCodeDefinition>;

export type ErrorCode = keyof typeof ERROR_CODES;

export const getErrorDefinition = (code: ErrorCode): ErrorCodeDefinition => ERROR_CODES[code];
