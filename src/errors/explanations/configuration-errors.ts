import type { ErrorExplanation } from "./error-explanation.js";

/** Errors in the project, the store and the stored profiles (exit code 3). */
export const CONFIGURATION_ERRORS = {
  not_supported: {
    meaning: "The command isn't available on this target or store.",
    causes: [
      "The command works only on the local target, and the target is remote. The target may come from `KNOCK_TARGET`, `knock.json` or a profile.",
      "The API has no operation for the command, such as retrying messages, sending broadcasts or showing the feed of an object.",
      "The store is a PostgreSQL database, whose clock can't be moved because several workers share it.",
    ],
    fix: [
      "Add `--local` to use the local store.",
      "Run `knock config list` to see the target and where it comes from.",
    ],
  },
  project_missing: {
    meaning: "There's no `knock.json` in the working directory or a folder above it.",
    causes: [
      "The command runs outside of the project's folder.",
      "`--project` names a folder without `knock.json`.",
      "The project wasn't created yet.",
    ],
    fix: [
      "Run `knock init` to create a project.",
      "Change to the project's folder, or name it: `--project path/to/project`.",
      "Add `--remote` to trigger a workflow with the API, which needs no project.",
    ],
  },
  project_invalid: {
    meaning:
      "A file of the project can't be used: `knock.json`, `environment.json`, recipients, sources, translations or guides.",
    causes: [
      "The file is invalid JSON.",
      "A key is misspelled or unknown.",
      "A value has the wrong type, or refers to something that doesn't exist.",
      "A folder or file doesn't exist, can't be read, or has a name that isn't a valid key.",
      "A secret is in the file itself. Secrets must be references to environment variables, such as `$SMTP_URL`.",
    ],
    fix: [
      "Go to the file, line and column in the message.",
      'Set `"$schema"` in the file to its JSON Schema, so that your editor checks it. `knock init` does this for new files.',
      "Run `knock validate` to check all files of the project.",
    ],
  },
  workflow_invalid: {
    meaning:
      "A workflow, or a layout, partial, request or broadcast that it uses, has an error. Nothing was triggered.",
    causes: [
      "`workflow.json` is invalid JSON, or a property is misspelled, missing or has the wrong type.",
      'A file that a property names (`"html_body@": "email_1/body.html"`) doesn\'t exist.',
      "A step refers to a layout, an audience, a guide or a channel that doesn't exist.",
      "`trigger_data_json_schema` isn't a valid JSON Schema.",
      "The channel of a step has an unknown type.",
    ],
    fix: [
      "Go to the file, line and column in the message. A path such as `steps[1].type` names the property: lists start at 0.",
      "Run `knock validate <key>` to check the workflow without a trigger.",
      'Add `"channel_type"` to the step, or declare its channel in `environment.json`.',
    ],
  },
  template_invalid: {
    meaning: "A template can't be parsed. Nothing was triggered.",
    causes: [
      "A Liquid tag isn't closed, such as `{% if %}` without `{% endif %}`.",
      "A tag or filter doesn't exist, or has invalid arguments.",
      "The template includes a partial or a layout with an error.",
      "An MJML element isn't valid.",
    ],
    fix: [
      "Go to the file, line and column in the message.",
      "Run `knock preview <workflow> <step>` to render the template without a trigger.",
      "Add `--watch` to render it again after each change.",
    ],
  },
  scenario_invalid: {
    meaning: "A scenario of `knock test` can't run. No other scenario is affected.",
    causes: [
      "The file is invalid YAML, or has an unknown key or a value of the wrong type.",
      "A step has several actions, or an expectation can never fail.",
      "A workflow, a step, a branch or a channel that the scenario names doesn't exist.",
      "A fetch or agent step has no declared response, and the scenario doesn't allow the request.",
      "The stored snapshots have a merge conflict.",
    ],
    fix: [
      "Go to the file, line and column in the message.",
      "Put the JSON Schema of scenarios into `# yaml-language-server: $schema=…`, so that your editor checks the file.",
      "Run `knock test <file>` again.",
    ],
  },
  journal_failed: {
    meaning: "The journal of `knock notify --file` can't be written. The run was stopped.",
    causes: ["The disk is full.", "The folder or the file isn't writable."],
    fix: [
      "Free space on the disk, then run the command again with `--resume`. Lines without a record are sent again with the same idempotency key, so they aren't triggered twice within 24 hours.",
      "Use `--journal` to name a file in a writable folder, or `--no-journal`.",
    ],
  },
  report_failed: {
    meaning: "A file of results could not be written. The command ran, and its other results are complete.",
    causes: [
      "The path of `--reporter <name>=<file>`, `--svg`, `--html` or `--output` is a folder, or a part of it is a file.",
      "The folder or the file isn't writable.",
      "The disk is full.",
      "The page of the `html` reporter is missing, because the command wasn't built.",
    ],
    fix: ["Choose another path, or make the folder writable.", "Run the command again."],
  },
  warning: {
    meaning: "The command has warnings, and `--strict` treats warnings as errors.",
    causes: [
      "A template uses a variable that is probably misspelled.",
      "An environment variable that holds a secret isn't set.",
      "A file of the project has content that has no effect.",
    ],
    fix: ["Fix each warning.", "Run the command without `--strict` to see all warnings and continue."],
  },
  store_unusable: {
    meaning: "The local store can't be opened, read or written.",
    causes: [
      "The file or its folder isn't writable.",
      "The file isn't a store of knock, or was written by a newer version.",
      "Another process has locked the file for a long time.",
      "The file was deleted or replaced while knock was running.",
      "The disk is full, or the file is damaged.",
      "A PostgreSQL database doesn't exist, belongs to another program, or doesn't accept the user or the password.",
      "TLS is missing on one side, or the server's certificate isn't trusted or is for another host.",
      "The role has no right on a table, which the message names.",
      "The tables of a PostgreSQL database are of an older version, or its server is a standby, read-only, full or failing.",
    ],
    fix: [
      "Check the path in the message. Run `knock config list` to see where the setting `store` comes from.",
      "Use another store with `--store other.db`, or keep nothing with `--store :memory:`.",
      "Delete the file to start empty. Recipients in `recipients/` are loaded again.",
      "For a database, give the password in `PGPASSWORD` or `~/.pgpass`, or as `$NAME` in the URL: `postgres://ada:$NAME@host/database`.",
      "Run `knock store migrate` if the tables of a database are older.",
      "Stop other processes that use the store, or update knock if the store is newer.",
    ],
  },
  profile_invalid: {
    meaning: "A stored profile doesn't exist, or the file of profiles can't be used.",
    causes: [
      "`--profile`, `KNOCK_PROFILE` or the setting names a profile that doesn't exist.",
      "The file of profiles was edited and isn't valid.",
      "The file or its folder can't be read or written.",
    ],
    fix: [
      "Run `knock auth status` to list the profiles.",
      "Run `knock auth login --profile <name>` to create one.",
      "Run `knock config path` to see the file. Fix it, or delete it and log in again.",
    ],
  },
} as const satisfies Record<string, ErrorExplanation>;
