import type { ERROR_CODES } from "../../errors/error-codes.js";
import type { FindingCode } from "./finding-codes.js";

/** The meaning of a finding, and its fix. Texts are Markdown sentences. */
interface FindingExplanation {
  meaning: string;
  fix: string;
}

/** Returns whether a code has an explanation of its own, because it is not also the code of an error. */
export const isExplainedFinding = (code: FindingCode): code is keyof typeof FINDING_EXPLANATIONS =>
  Object.hasOwn(FINDING_EXPLANATIONS, code);

/** The explanation of each code of a finding that is not also the code of an error. */
export const FINDING_EXPLANATIONS: Readonly<
  Record<Exclude<FindingCode, keyof typeof ERROR_CODES>, FindingExplanation>
> = {
  missing_document: {
    meaning:
      "A folder of `workflows/`, `layouts/` or another kind has files, but not the main file of that kind, such as `workflow.json`. Commands ignore the folder.",
    fix: "Correct the name of the file, or remove the folder.",
  },
  ignored_file: {
    meaning:
      "A file in the folder of a workflow, or beside scenarios, is YAML or named like a test, but its name does not end in `.test.yaml`, `.test.yml` or `.test.json`. `knock test` ignores it.",
    fix: "Rename the file, or move it to another folder.",
  },
  duplicate_key: {
    meaning: "An object in a JSON file has the same key twice. Only the last value is used.",
    fix: "Remove one of the keys, or rename it.",
  },
  unknown_key: {
    meaning:
      "A document has a key that its format does not have, or a JSON Schema has a misspelled keyword. The key has no effect.",
    fix: "Correct the key as the message suggests, or remove it. `knock validate --fix` corrects keys that have exactly one possible correction.",
  },
  ineffective_setting: {
    meaning: "A setting of a workflow is valid but has no effect.",
    fix: "Remove the setting, or add what it refers to.",
  },
  undeclared_channel: {
    meaning:
      "A step, a rule of a channel group or the channel data of a recipient names a channel or a channel group that `environment.json` does not declare, although it declares others. A step's channel is sandboxed. The data is never used.",
    fix: "Correct the name as the message suggests, or declare the channel or the channel group in `environment.json`.",
  },
  suspicious_value: {
    meaning:
      "A property of the environment or of a recipient has a value that is probably wrong, such as an unknown time zone.",
    fix: "Correct the value at the location in the message.",
  },
  undefined_variable: {
    meaning:
      "A template, a condition, or a key or field path of a delay, batch or throttle uses a variable that is not defined, or that the workflow's data schema does not declare. Liquid prints nothing for it. In conditions, keys and field paths, it is always absent. Partials only have their inputs.",
    fix: "Correct the variable as the message suggests, add the property to `trigger_data_json_schema`, or pass the input to the partial.",
  },
  empty_after_batch: {
    meaning:
      "A template after a batch uses an object or a list of the data. When a batch closes, `data` only keeps texts, numbers and booleans, so Liquid prints nothing. The activities still have all of their data.",
    fix: "Loop over `activities`, or read `activities[0]`.",
  },
  object_output: {
    meaning: "A text prints an object, such as `{{ actor }}`. The message contains its JSON.",
    fix: "Print a property of the object, such as `{{ actor.name }}`.",
  },
  unreachable_step: {
    meaning:
      "A step never runs, because every branch before it ends the run. Or a branch is never taken, because an earlier one has the same conditions.",
    fix: "Remove the step or the branch, remove `terminates` from a branch, or correct the conditions.",
  },
  later_step_ref: {
    meaning: "Conditions or a template use the result of a step that does not run before them.",
    fix: "Move the step, or use an earlier one.",
  },
  impossible_condition: {
    meaning:
      "Conditions are never true, because all of them must be true, and two of them contradict each other. The step or branch never runs.",
    fix: "Put the conditions into `any`, or remove one of them.",
  },
  type_mismatch: {
    meaning:
      "A template or a condition compares a variable with a literal of another type, such as a number with a text. Values of different types are never equal, and have no order.",
    fix: 'Write a value of the type of the variable: `3` for a number, `"3"` for a text. In the JSON of a condition, the text `3` is `"\\"3\\""`.',
  },
  unusable_time: {
    meaning:
      "The field path of a delay, batch or throttle leads to a value that is never a usable time: a variable or a `const` of the schema with a time in the past, a missing variable, or a property of another type, such as a number. The step is skipped.",
    fix: "Correct the field path or the value. Times are ISO 8601 texts, durations or window rules.",
  },
  empty_window: {
    meaning:
      "The window of a delay, batch or throttle has a length of 0: the run does not wait, the batch closes at once, or the throttle stops no run.",
    fix: "Set a length that is greater than 0, or remove the step.",
  },
  window_over_limit: {
    meaning:
      "The `batch_window` of a sliding batch is longer than its `batch_window_extension_limit`. The second activity ends the window early, instead of extending it.",
    fix: "Increase `batch_window_extension_limit`, or shorten `batch_window`.",
  },
  silent_drop: {
    meaning:
      "A workflow sends nothing to users in `recipients/`, whatever its data and conditions are: they lack an address, or the environment turns its channels off. Users who turned the workflow off themselves are not reported.",
    fix: "Add the missing data to the users, add a step for a channel that they have, or change the default preferences.",
  },
  unknown_workflow: {
    meaning:
      "A document names a workflow that the project does not have: a step that triggers it or waits for its events, the mapping of a source, `workflows` in `environment.json`, or a payload in `payloads/`.",
    fix: "Correct the key as the message suggests, or create the workflow.",
  },
  unknown_reference: {
    meaning:
      "A document names an audience or a guide that the project does not have, or a step that its workflow does not have. Nothing is ever added to the audience, and the step's message never arrives. Or a step waits for a misspelled event of a source, or for one whose user the source does not find.",
    fix: "Correct the name as the message suggests, create the audience, guide or step, or set `user_id_path` in the source.",
  },
  workflow_cycle: {
    meaning: "A workflow triggers itself, directly or through other workflows. Without conditions, it never ends.",
    fix: "Remove one of the steps in the cycle, or make sure that its conditions end the cycle.",
  },
  unknown_preference_key: {
    meaning: "A preference set contains a workflow or a category that the project does not have. It has no effect.",
    fix: "Correct the key, or remove it.",
  },
  sample_data_invalid: {
    meaning:
      "Sample data does not match the schema of its workflow: a file in `payloads/`, or `default` or `examples` in the schema. Fields of payloads that `knock notify` rejects are also reported.",
    fix: "Correct the sample data, or the schema.",
  },
  missing_translation: {
    meaning:
      "A locale lacks a text or a plural form that another locale has, so that it is shown in the default locale. Or a translation uses other variables than that of the default locale.",
    fix: "Add the missing texts to the file, or correct the variable.",
  },
  unknown_translation_key: {
    meaning: "A template translates a key that no file in `translations/` has. Nothing is shown in its place.",
    fix: "Correct the key as the message suggests, add it to the translations, or add the filter `default` after `t`.",
  },
  email_not_checked: {
    meaning:
      "An email could not be rendered with the first recipient who has an address and the sample data, so its content was not checked. Reported with `--emails`.",
    fix: "Give the workflow sample data in `payloads/`, or correct what the message says.",
  },
  unknown_input: {
    meaning:
      "A `render` tag or a visual block passes an input to a partial that neither declares nor uses it, but has a similar one. Or the filter `t` does this with a translation.",
    fix: "Correct the name of the input as the message suggests.",
  },
  missing_input: {
    meaning:
      "A template uses the filter `t` without an argument that the translation prints, or without the `count` of a plural. Nothing is printed for it.",
    fix: 'Add the argument, such as `{{ "task:open" | t: count: data.open }}`.',
  },
  email_clipped: {
    meaning:
      "The HTML of an email has more than 102 kB. Gmail shows the beginning and a link to the rest. Reported with `--emails`.",
    fix: "Shorten the email, remove unused styles, or move a part of it to a page.",
  },
  email_missing_alt: {
    meaning:
      "An image of an email has no `alt`. Outlook and other clients that do not load images show nothing in its place, and screen readers read its address. Reported with `--emails`.",
    fix: 'Describe the image in `alt`, or write `alt=""` for a decoration.',
  },
  email_missing_title: {
    meaning:
      "The HTML of an email has no `<title>`. Screen readers announce it, and browsers show it in a web view. Reported with `--emails`.",
    fix: "Add `<title>` to the head of the email layout.",
  },
  email_missing_preheader: {
    meaning:
      "An email has no preview text. Gmail, Apple Mail and Outlook show the start of the body after the subject. Reported with `--emails`.",
    fix: "Set `settings.preview_text` of the template.",
  },
  email_placeholder_link: {
    meaning:
      "A link or an image of an email is empty, relative or invalid, or leads to a host for examples or to `localhost`. Reported with `--emails`.",
    fix: "Correct the link, or give the workflow sample data in `payloads/` so that its links can be rendered.",
  },
  email_missing_unsubscribe: {
    meaning:
      "An email of a commercial workflow has no `List-Unsubscribe` header, which Gmail and Yahoo require from bulk senders. Reported with `--emails`.",
    fix: "Configure the preference center, or set the header in `json_overrides`.",
  },
  email_unsupported_feature: {
    meaning:
      "An email uses HTML or CSS that Gmail, Outlook, Apple Mail, Yahoo or Samsung Email do not support on the platforms that the finding lists. The data comes from the package `caniemail`, if it is installed in the project. Reported with `--emails`.",
    fix: "Use a feature with more support, or check that the email is readable without it and silence the finding.",
  },
  email_low_contrast: {
    meaning:
      "The contrast between a text and its background is lower than 4.5, or 3 for large text (WCAG 2.2 AA), in light or dark mode. Measured in a browser, if `playwright-core` and `axe-core` are installed in the project. Reported with `--emails`.",
    fix: "Choose a darker or lighter color. For dark mode, set both colors in `@media (prefers-color-scheme: dark)`.",
  },
  invalid_silencer: {
    meaning: "A rule that silences findings has no reason, or names a code that does not exist. It has no effect.",
    fix: "Correct the code, or write the reason after a colon.",
  },
  unused_silencer: {
    meaning:
      "A rule silences no finding, because the problem was fixed or its path does not match. It is reported only when the whole project is checked.",
    fix: "Remove the rule, or correct its path.",
  },
};
