import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { formatFieldName, type Path } from "../lib/json.js";
import { buildSample, getInputKind, listProperties, type Property, resolveSchema } from "../lib/schema.js";
import { getNoteIds, InputNotes } from "./basics.js";

interface FieldProps {
  property: Property;
  root: JsonObject;
  path: Path;
  value: Json | undefined;
  faults: ReadonlyMap<string, string>;
  onSet(path: Path, value: Json | undefined): void;
}

/** The on-screen keyboard of a phone, by the format of a text. */
const INPUT_MODES: Record<string, "email" | "url"> = { email: "email", uri: "url" };

/** Returns the number of visible rows of a text: all of them, up to 18. */
export const countRows = (text: string, minimum: number): number =>
  Math.min(18, Math.max(minimum, text.split("\n").length));

/** Displays a JSON input for data without another input. Its value changes only while the text is valid. */
function JsonInput({
  id,
  value,
  onSet,
}: {
  id: string;
  value: Json | undefined;
  onSet(value: Json | undefined): void;
}) {
  const [typed, setTyped] = useState<{ text: string; fault: string } | null>(null);
  const visibleText = typed?.text ?? (value === undefined ? "" : JSON.stringify(value, null, 2));
  return (
    <>
      <textarea
        id={id}
        class="json"
        rows={countRows(visibleText, 2)}
        spellcheck={false}
        value={visibleText}
        onInput={({ currentTarget: { value: text } }) => {
          try {
            onSet(text.trim() === "" ? undefined : JSON.parse(text));
            setTyped({ text, fault: "" });
          } catch {
            setTyped({ text, fault: "This is not JSON yet." });
          }
        }}
        onBlur={() => setTyped((before) => (before?.fault ? before : null))}
      />
      {typed?.fault ? <p class="field-fault">{typed.fault}</p> : null}
    </>
  );
}

function SingleInput({
  id,
  describedBy,
  props,
}: {
  id: string;
  describedBy: string | undefined;
  props: FieldProps;
}): ComponentChildren {
  const { property, path, value, onSet, faults } = props;
  const { schema } = property;
  const visibleText = value === undefined || value === null ? "" : String(value);
  const common = { id, "aria-describedby": describedBy, "aria-invalid": faults.has(formatFieldName(path)) };
  const text = (typed: string): void => onSet(path, typed === "" && !property.required ? undefined : typed);
  switch (getInputKind(schema, path.length)) {
    case "long text":
      return (
        <textarea {...common} rows={4} value={visibleText} onInput={({ currentTarget }) => text(currentTarget.value)} />
      );
    case "text":
      return (
        <input
          {...common}
          inputMode={INPUT_MODES[String(schema.format)] ?? "text"}
          value={visibleText}
          onInput={({ currentTarget }) => text(currentTarget.value)}
        />
      );
    case "number":
      return (
        <input
          {...common}
          type="number"
          step={schema.type === "integer" ? 1 : "any"}
          value={visibleText}
          onInput={({ currentTarget: { value: typed } }) => onSet(path, typed === "" ? undefined : Number(typed))}
        />
      );
    case "boolean":
    case "choice": {
      const options = getInputKind(schema) === "boolean" ? [true, false] : (schema.enum as Json[]);
      return (
        <select
          {...common}
          value={value === undefined ? "" : JSON.stringify(value)}
          onChange={({ currentTarget: { value: chosen } }) =>
            onSet(path, chosen === "" ? undefined : JSON.parse(chosen))
          }
        >
          <option value="">not set</option>
          {options.map((option) => (
            <option key={JSON.stringify(option)} value={JSON.stringify(option)}>
              {String(option)}
            </option>
          ))}
        </select>
      );
    }
    default:
      return <JsonInput id={id} value={value} onSet={(changed) => onSet(path, changed)} />;
  }
}

function List({ property, root, path, value, ...rest }: FieldProps) {
  const items = Array.isArray(value) ? value : [];
  const schema = resolveSchema(property.schema.items, root);
  return (
    <>
      {items.map((item, at) => (
        <div key={String(at)} class="list-item">
          <Field
            property={{ name: `${property.name} ${at + 1}`, schema, required: true }}
            root={root}
            path={[...path, at]}
            value={item}
            {...rest}
          />
          <button type="button" class="quiet" onClick={() => rest.onSet([...path, at], undefined)}>
            <span aria-hidden="true">×</span> Remove {property.name} {at + 1}
          </button>
        </div>
      ))}
      <button
        type="button"
        class="quiet"
        onClick={() => rest.onSet([...path, items.length], buildSample(schema, root, property.name.replace(/s$/, "")))}
      >
        <span aria-hidden="true">+</span> Add to {property.name}
      </button>
    </>
  );
}

/** Displays a property with its description in the schema and the engine's error about it. */
function Field(props: FieldProps) {
  const { property, root, path, faults } = props;
  const { schema } = property;
  const name = formatFieldName(path);
  const id = `field-${name}`;
  const fault = faults.get(name);
  const description = typeof schema.description === "string" ? schema.description : "";
  const label = typeof schema.title === "string" ? schema.title : property.name;
  const describedBy = getNoteIds(id, description, fault);
  const kind = getInputKind(schema, path.length);
  const notes = <InputNotes id={id} hint={description} fault={fault} />;
  if (kind === "object" || kind === "list")
    return (
      <fieldset class="field-group" aria-describedby={describedBy}>
        <legend>
          {label}
          {showsRequired(props) ? <Required /> : null}
        </legend>
        {notes}
        {kind === "list" ? (
          <List {...props} />
        ) : (
          <SchemaFields
            schema={schema}
            root={root}
            path={path}
            value={props.value}
            faults={faults}
            onSet={props.onSet}
          />
        )}
      </fieldset>
    );
  return (
    <div class="field">
      <label for={id}>
        {label}
        {showsRequired(props) ? <Required /> : null}
      </label>
      <SingleInput id={id} describedBy={describedBy} props={props} />
      {notes}
    </div>
  );
}

/** List items have no "required" mark, because each one exists only if it was added. */
const showsRequired = ({ property, path }: FieldProps): boolean => property.required && typeof path.at(-1) !== "number";

const Required = () => <span class="required"> required</span>;

interface SchemaFieldsProps extends Omit<FieldProps, "property"> {
  schema: JsonObject;
}

/** Displays inputs for the properties of a schema. Other properties of the value stay unchanged. */
export function SchemaFields({ schema, root, path, value, ...rest }: SchemaFieldsProps) {
  const object = isJsonObject(value) ? value : {};
  return (
    <>
      {listProperties(schema, root).map((property) => (
        <Field
          key={property.name}
          property={property}
          root={root}
          path={[...path, property.name]}
          value={Object.hasOwn(object, property.name) ? object[property.name] : undefined}
          {...rest}
        />
      ))}
    </>
  );
}
