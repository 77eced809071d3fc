// Writes the properties of a document as Markdown tables, from its JSON Schema.
import { getDefinitionName, listRequired, listTypes, readVariants, resolveSchema } from "./json-schema.mjs";
import { formatCodeSpan, formatDefault, formatProse, formatTable, joinParts, toAnchor } from "./markdown.mjs";

const SERVICE_FIELD = "Written by the hosted service.";
const MAX_LEVEL = 4;
const TYPE_NAMES = { integer: "whole number", boolean: "true or false", array: "list" };

/** Splits the default from a description: "The unit (default: days)." or "The unit. Default: days." */
export function splitDefault(description = "") {
  const [, before, value, after] =
    /^(.*?)\s*\(default: ((?:[^()]|\([^()]*\))*)\)(.*)$/s.exec(description) ??
    /^(.*?)\s*\bDefault: ([^\s].*?)\.(\s.*)?$/s.exec(description) ??
    [];
  return before === undefined ? { text: description, default: null } : { text: before + (after ?? ""), default: value };
}

/**
 * The tables of one document. `shared` has formats that are used in several places or pages: `{ title, page, matches }`,
 * where `page` is the file that describes the format and `matches` recognizes its schema.
 */
export class SchemaPage {
  #root;
  #page;
  #shared;
  #findExample;
  /** Titles of variants by path and name. */
  #titles;
  /** Returns the text below the properties of a variant. */
  #notes;
  /** Sections by the JSON of their schema, so that equal formats are described once. */
  #described = new Map();
  /** Shared formats that this page must describe. */
  #pending = [];
  /** The name of the variant that is being described. */
  #variant = null;
  hasFileReferences = false;

  constructor(root, { page, shared, findExample, titles, notes = () => "" }) {
    this.#root = root;
    this.#page = page;
    this.#shared = shared;
    this.#findExample = findExample;
    this.#titles = titles;
    this.#notes = notes;
  }

  /** Returns the tables of the document, then the sections of the formats that it shares. */
  build() {
    const sections = [this.#formatContents(this.#root, "", 2)];
    for (const { title, text, node } of this.#pending)
      sections.push(`## ${title}`, text ?? "", this.#formatContents(node, "", 3));
    return joinParts(sections);
  }

  /** Returns the shared format that a schema has, or undefined. */
  #findShared(schema, node) {
    const definition = getDefinitionName(schema);
    return (
      this.#shared.find((format) => (format.definition ?? null) === definition && format.definition !== undefined) ??
      this.#shared.find((format) => format.matches?.(node))
    );
  }

  /** Returns a link to a shared format, and describes it below if it belongs to this page. */
  #linkShared(format, node) {
    if (format.page !== this.#page)
      return format.anchor === "" ? format.page : `${format.page}#${toAnchor(format.title)}`;
    if (!this.#pending.some(({ title }) => title === format.title)) this.#pending.push({ ...format, node });
    return `#${toAnchor(format.title)}`;
  }

  #listProperties(node) {
    const required = listRequired(node);
    return Object.entries(node.properties ?? {})
      .filter(([name, { description }]) => description !== SERVICE_FIELD && name !== "$schema")
      .map(([name, schema]) => ({ name, schema, isRequired: required.has(name) }))
      .concat(this.#listOtherKeys(node));
  }

  /** Returns a row for the keys that an object has besides its known properties. */
  #listOtherKeys({ properties, additionalProperties: schema }) {
    if (properties === undefined) return [];
    const hasType = typeof schema === "object" && Object.keys(schema).some((keyword) => keyword !== "description");
    return hasType ? [{ name: "<key>", schema, isRequired: false }] : [];
  }

  /** Returns tables and sections of an object, a list, a map or a union. */
  #formatContents(schema, path, level) {
    const node = resolveSchema(schema, this.#root);
    if (node.patternProperties !== undefined) this.hasFileReferences = true;
    const variants = readVariants(node, this.#root);
    if (variants !== null) return this.#formatVariants(node, variants, path, level);
    if (node.properties !== undefined) return this.#formatProperties(this.#listProperties(node), path, level);
    if (node.items !== undefined) return this.#formatContents(node.items, `${path}[]`, level);
    if (typeof node.additionalProperties === "object")
      return this.#formatContents(node.additionalProperties, `${path}.<key>`, level);
    const objects = (node.anyOf ?? []).map((member) => resolveSchema(member, this.#root));
    const properties = objects.flatMap((member) => this.#listProperties(member));
    const lists = objects.filter(({ items }) => items !== undefined);
    return joinParts(
      properties.length === 0
        ? ""
        : this.#formatProperties(
            properties.map((property) => ({ ...property, isRequired: property.isRequired && objects.length === 1 })),
            path,
            level,
          ),
      properties.length > 0 ? "" : lists.map((list) => this.#formatContents(list, path, level)),
    );
  }

  #formatProperties(properties, path, level) {
    if (properties.length === 0) return "";
    const rows = [];
    const sections = [];
    for (const { name, schema, isRequired } of properties) {
      const below = path === "" ? name : `${path}.${name}`;
      const { type, section } =
        schema.links === undefined
          ? this.#describeProperty(schema, below, level)
          : { type: schema.links.join(", "), section: null };
      const { text, default: value } = splitDefault(schema.description);
      const example = section === null ? this.#findExampleText(name, schema) : null;
      rows.push([
        `\`${name}\``,
        isRequired ? `${type}, **required**` : type,
        formatProse(markValues(text, schema)),
        value === null ? "" : formatDefault(value),
        example === null ? "" : formatCodeSpan(example),
      ]);
      if (section !== null) sections.push(section);
    }
    return joinParts(formatTable(["Property", "Type", "Description", "Default", "Example"], rows), sections);
  }

  /** Returns an example of a property as JSON, or null. */
  #findExampleText(name, schema) {
    const { text, default: value } = splitDefault(schema.description);
    if (text.startsWith(SERVICE_FIELD)) return null;
    const found = this.#findExample(name, schema, this.#root) ?? findExampleInText(text, schema);
    if (found !== null && schema.examples !== undefined) return found;
    const choice = findChoice(schema, value);
    return choice === undefined ? found : JSON.stringify(choice);
  }

  /** Returns the type of a property with links, and the section that describes its contents. */
  #describeProperty(schema, path, level) {
    const node = resolveSchema(schema, this.#root);
    const format = this.#findShared(schema, node);
    if (format !== undefined) return { type: `[${format.noun}](${this.#linkShared(format, node)})`, section: null };
    const inner = this.#getInnerSchema(node);
    if (inner === null) return { type: this.#formatType(node), section: null };
    const innerFormat = this.#findShared(inner.schema, resolveSchema(inner.schema, this.#root));
    if (innerFormat !== undefined)
      return {
        type: `${inner.prefix}[${innerFormat.plural}](${this.#linkShared(innerFormat, resolveSchema(inner.schema, this.#root))})`,
        section: null,
      };
    const { description, ...content } = node;
    const key = JSON.stringify(content);
    const known = this.#described.get(key);
    const heading = this.#formatHeading(`${path}${inner.suffix}`);
    if (known !== undefined) return { type: `[${this.#formatType(node)}](#${known})`, section: null };
    const anchor = toAnchor(heading);
    this.#described.set(key, anchor);
    const contents = this.#formatContents(node, path, Math.min(level + 1, MAX_LEVEL));
    if (contents === "") return { type: this.#formatType(node), section: null };
    const { text } = splitDefault(description);
    return {
      type: `[${this.#formatType(node)}](#${anchor})`,
      section: joinParts(`${"#".repeat(level)} ${heading}`, formatProse(text), contents),
    };
  }

  /** Returns the heading of a section. Inside a variant it names the variant, because the same path has other contents there. */
  #formatHeading(path) {
    return this.#variant === null ? `\`${path}\`` : `\`${path}\` of \`${this.#variant}\``;
  }

  /** Returns the schema of the objects in a property: its own, or that of its items or values; null for plain values. */
  #getInnerSchema(node) {
    if (node.items !== undefined) {
      const item = resolveSchema(node.items, this.#root);
      const isStructured = item.properties || item.allOf || item.anyOf || item.items;
      return isStructured ? { schema: node.items, prefix: "list of ", suffix: "[]" } : null;
    }
    if (node.properties !== undefined || readVariants(node, this.#root) !== null)
      return { schema: node, prefix: "", suffix: "" };
    if (typeof node.additionalProperties === "object") {
      const value = resolveSchema(node.additionalProperties, this.#root);
      const inner = this.#getInnerSchema(value);
      if (inner !== null && inner.schema !== value)
        return { schema: inner.schema, prefix: `by key: ${inner.prefix}`, suffix: `.<key>${inner.suffix}` };
      const isStructured = value.properties || value.allOf || value.anyOf;
      return isStructured ? { schema: node.additionalProperties, prefix: "by key: ", suffix: ".<key>" } : null;
    }
    const hasObjects = (node.anyOf ?? []).some((member) => {
      const resolved = resolveSchema(member, this.#root);
      return resolved.properties !== undefined || resolved.items !== undefined;
    });
    return hasObjects ? { schema: node, prefix: "", suffix: "" } : null;
  }

  #formatType(node) {
    if (node.const !== undefined) return `\`${node.const === "" ? '""' : node.const}\``;
    if (node.enum !== undefined)
      return listValues(node.enum)
        .map((value) => `\`${value === "" ? '""' : value}\``)
        .join(", ");
    if (node.anyOf !== undefined) {
      const types = node.anyOf.flatMap((member) => this.#formatType(resolveSchema(member, this.#root)).split(" or "));
      return [...new Set(types)].join(" or ");
    }
    const variants = readVariants(node, this.#root);
    if (variants !== null) return "object";
    const types = listTypes(node);
    if (types.length === 0) return "any";
    return types.map((type) => this.#formatTypeName(type, node)).join(" or ");
  }

  #formatTypeName(type, node) {
    const { items, additionalProperties, minimum, maximum, maxLength } = node;
    if (type === "array") {
      if (items === undefined) return "list";
      const name = this.#formatType(resolveSchema(items, this.#root));
      return name === "any" ? "list" : `list of ${name.includes("`") ? name : pluralize(name)}`;
    }
    if (type === "object") {
      if (node.properties !== undefined || typeof additionalProperties !== "object") return "object";
      const value = this.#formatType(resolveSchema(additionalProperties, this.#root));
      return value === "any" ? "object" : `${pluralize(value)} by key`;
    }
    if (type === "integer" || type === "number") {
      const name = type === "integer" ? "whole number" : "number";
      if (minimum !== undefined && maximum < Number.MAX_SAFE_INTEGER) return `${name}, ${minimum} to ${maximum}`;
      return minimum === undefined || minimum === 0 ? name : `${name}, at least ${minimum}`;
    }
    if (type === "string" && maxLength !== undefined) return `string, up to ${maxLength} characters`;
    return TYPE_NAMES[type] ?? type;
  }

  /** Returns the fields that all variants have, then a section for each variant with its own fields. */
  #formatVariants(node, { field, members }, path, level) {
    const flattened = members.map(({ name, schema }) => ({
      name,
      schema,
      properties: this.#listVariantProperties(schema),
    }));
    const descriptions = [...new Set(members.flatMap(({ schema }) => schema.properties?.[field]?.description ?? []))];
    const shared = flattened[0].properties.filter(
      (property) => property.name !== field && isInMost(property, flattened),
    );
    const isShared = (property) => shared.some((other) => isEqualProperty(property, other));
    const common = this.#formatProperties(
      [this.#buildDiscriminator(node, field, members, descriptions), ...shared],
      path,
      level,
    );
    const outer = this.#variant;
    const sections = flattened.map(({ name, schema, properties }) => {
      this.#variant = name;
      const own = properties.filter((property) => property.name !== field && !isShared(property));
      const inner = readVariants(schema, this.#root);
      const below = Math.min(level + 1, MAX_LEVEL);
      const contents =
        inner === null
          ? this.#formatOwnProperties(own, path, below)
          : this.#formatVariantsBelow(schema, inner, shared, path, below);
      const description = schema.properties?.[field]?.description;
      return joinParts(
        `${"#".repeat(level)} ${this.#titles(field, name)}`,
        descriptions.length > 1 && description !== undefined ? formatProse(description) : "",
        contents === "" ? "It has no other properties." : insertBeforeHeading(contents, this.#notes(name)),
      );
    });
    this.#variant = outer;
    return joinParts(common, sections);
  }

  /** Returns the property that selects the variant. Its values link to the variants. */
  #buildDiscriminator(node, field, members, descriptions) {
    const own = node.properties?.[field]?.description ?? "";
    const links = members.map(({ name }) => `[\`${name}\`](#${toAnchor(this.#titles(field, name))})`);
    const description = descriptions.length > 1 ? "Selects the other properties." : (descriptions[0] ?? own);
    return {
      name: field,
      schema: { description, enum: members.map((member) => member.name), links },
      isRequired: listRequired(node).has(field),
    };
  }

  /** Returns the properties of a variant. A single property with contents is described directly. */
  #formatOwnProperties(own, path, level) {
    const [only] = own;
    if (own.length === 1) {
      const node = resolveSchema(only.schema, this.#root);
      if (node.properties !== undefined && this.#findShared(only.schema, node) === undefined) {
        const below = path === "" ? only.name : `${path}.${only.name}`;
        const contents = this.#formatContents(node, below, level);
        if (contents === "") return "";
        const requirement = only.isRequired ? "**Required**" : "Optional";
        return joinParts(`\`${only.name}\`: ${formatProse(only.schema.description ?? "")} ${requirement}.`, contents);
      }
    }
    return this.#formatProperties(own, path, level);
  }

  /** Returns the variants of a variant, without the fields that are described above it. */
  #formatVariantsBelow(schema, variants, shared, path, level) {
    const known = new Set(shared.map(({ name }) => name));
    const members = variants.members.map(({ name, schema: member }) => ({
      name,
      schema: {
        ...member,
        properties: Object.fromEntries(
          Object.entries(member.properties ?? {}).filter(
            ([key, { const: fixed }]) => !known.has(key) && (fixed === undefined || key === variants.field),
          ),
        ),
      },
    }));
    return this.#formatVariants(schema, { field: variants.field, members }, path, level);
  }

  /** Returns the properties of a variant; those of its own variants if it has any. */
  #listVariantProperties(schema) {
    const inner = readVariants(schema, this.#root);
    if (inner === null) return this.#listProperties(schema);
    const [first, ...others] = inner.members.map((member) => this.#listProperties(member.schema));
    return first.filter(({ name, schema: property }) =>
      others.every((properties) =>
        properties.some((other) => other.name === name && JSON.stringify(other.schema) === JSON.stringify(property)),
      ),
    );
  }
}

/** Inserts text before the first heading of a section, so that it follows the table of the section itself. */
function insertBeforeHeading(contents, text) {
  const heading = contents.search(/^#/m);
  if (heading === -1) return joinParts(contents, text);
  return joinParts(contents.slice(0, heading).trimEnd(), text, contents.slice(heading));
}

const isEqualProperty = (left, right) =>
  left.name === right.name && JSON.stringify(left.schema) === JSON.stringify(right.schema);

/** Returns whether all variants have a property, and at least three quarters of them the same. */
function isInMost(property, variants) {
  const same = variants.filter(({ properties }) => properties.some((other) => isEqualProperty(property, other)));
  const hasAll = variants.every(({ properties }) => properties.some(({ name }) => name === property.name));
  return hasAll && same.length >= variants.length * 0.75;
}

/** Returns the value that a description names after "such as", as JSON, or null. */
function findExampleInText(text, schema) {
  const [, quoted, plain] = /\bsuch as (?:"([^"]+)"|([\w./:$-]*[\w$/]))/.exec(text) ?? [];
  const value = quoted ?? (plain !== undefined && /[\d_.:/$-]/.test(plain) ? plain : undefined);
  const types = listTypes(schema);
  if (value === undefined || types.includes("object")) return null;
  return JSON.stringify(types.includes("array") ? [value] : value);
}

/** Returns a value of a property with few values, other than the default; undefined for other properties. */
function findChoice(schema, defaultText) {
  const values = schema.enum ?? schema.anyOf?.[0]?.enum;
  if (values !== undefined) return values.find((value) => String(value).toLowerCase() !== defaultText?.toLowerCase());
  const isFlag = [schema, ...(schema.anyOf ?? [])].some((member) => listTypes(member).includes("boolean"));
  return isFlag ? defaultText !== "true" : undefined;
}

/** Marks values that a description explains, such as "fixed: …", as code. */
function markValues(text, schema) {
  const values = schema.enum ?? schema.anyOf?.[0]?.enum ?? [];
  return values.reduce((result, value) => result.replace(new RegExp(`(^|[.] )${value}(?=: )`), `$1\`${value}\``), text);
}

/** Returns the values of an enum. Values in upper case are left out if they are also in lower case. */
const listValues = (values) =>
  values.filter((value) => value !== null && (!/^[A-Z]+$/.test(value) || !values.includes(value.toLowerCase())));

function pluralize(name) {
  if (/^(string|object|number|whole number|list)$/.test(name)) return `${name}s`;
  return name;
}
