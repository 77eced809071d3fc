import { useEffect, useState } from "preact/hooks";
import type { Json } from "../../util/json.js";
import type { Workflow } from "../lib/draft.js";
import { replaceAtPath } from "../lib/json.js";
import { Tabs } from "./basics.js";
import { countRows, SchemaFields } from "./schema-fields.js";

interface DataProps {
  workflow: Workflow;
  data: Json;
  faults: ReadonlyMap<string, string>;
  onChange(data: Json): void;
  /** Called with whether the text in the JSON tab is valid. */
  onValid(isValid: boolean): void;
}

function DataJson({ data, onChange, onValid }: Omit<DataProps, "workflow" | "faults">) {
  const [typed, setTyped] = useState<string | null>(null);
  const [fault, setFault] = useState("");
  const text = typed ?? JSON.stringify(data, null, 2);
  useEffect(() => () => onValid(true), [onValid]);
  return (
    <div class="field">
      <label for="data-json">Data as JSON</label>
      <textarea
        id="data-json"
        class="json"
        rows={countRows(text, 5)}
        spellcheck={false}
        aria-invalid={fault !== ""}
        value={text}
        onInput={({ currentTarget: { value } }) => {
          setTyped(value);
          try {
            onChange(JSON.parse(value));
            setFault("");
            onValid(true);
          } catch (error) {
            setFault(`This is not JSON: ${error instanceof Error ? error.message : ""}`);
            onValid(false);
          }
        }}
      />
      {fault === "" ? null : (
        <p class="field-fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

/** Displays the input of a trigger's data: the fields of its schema, or JSON. */
export function Data({ workflow, data, faults, onChange, onValid }: DataProps) {
  const { schema } = workflow;
  const form = {
    name: "Form",
    show: () => (
      <div class="fields">
        {schema === null ? null : (
          <SchemaFields
            schema={schema}
            root={schema}
            path={["data"]}
            value={data}
            faults={faults}
            onSet={([, ...path], value) => onChange(replaceAtPath(data, path, value) ?? {})}
          />
        )}
      </div>
    ),
  };
  const json = { name: "JSON", show: () => <DataJson data={data} onChange={onChange} onValid={onValid} /> };
  return (
    <fieldset class="field-group">
      <legend>Data</legend>
      {schema === null ? <p class="hint">This workflow has no schema: any object is valid.</p> : null}
      {schema === null ? json.show() : <Tabs label="Data" tabs={[form, json]} />}
    </fieldset>
  );
}
