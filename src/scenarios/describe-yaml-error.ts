import type { YAMLParseError } from "yaml";

/** A problem at a place of a YAML file, and the edit that fixes it. */
interface YamlProblem {
  message: string;
  hint: string;
}

const QUOTE_VALUE = "Put the value in quotes.";
const CHECK_BEFORE = "Check the quotes, brackets and indentation before this place.";
const REMOVE_TAGS = "Write plain values, without tags and anchors.";

/** The problems of codes that say enough without the text at their place. */
const PROBLEMS: Partial<Record<YAMLParseError["code"], YamlProblem>> = {
  TAB_AS_INDENT: { message: "a tab is used as indentation", hint: "Indent with spaces." },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'this value contains another key with a ":"',
    hint: "Put the value in quotes, or fix the indentation of the next line.",
  },
  MULTILINE_IMPLICIT_KEY: {
    message: "a key must be on one line",
    hint: "Add the missing colon, or fix the indentation.",
  },
  BLOCK_IN_FLOW: {
    message: "a list or object in brackets contains one without brackets",
    hint: "Add the missing comma, or use brackets for the inner list or object as well.",
  },
  MULTIPLE_DOCS: {
    message: "the file contains more than one YAML document",
    hint: "Remove the line with ---, or use two files.",
  },
  BAD_DIRECTIVE: { message: "the YAML directive is unsupported", hint: "Remove the line that starts with %." },
  KEY_OVER_1024_CHARS: { message: "the key is longer than 1,024 characters", hint: CHECK_BEFORE },
  NON_STRING_KEY: { message: "a key must be text", hint: QUOTE_VALUE },
  BAD_ALIAS: { message: "the name of an anchor or alias is invalid", hint: QUOTE_VALUE },
  ALIAS_PROPS: { message: "an alias cannot have a tag or an anchor", hint: REMOVE_TAGS },
  MULTIPLE_ANCHORS: { message: "a value has more than one anchor", hint: REMOVE_TAGS },
  MULTIPLE_TAGS: { message: "a value has more than one tag", hint: REMOVE_TAGS },
  BAD_PROP_ORDER: { message: "a tag or an anchor is at the wrong place", hint: REMOVE_TAGS },
  TAG_RESOLVE_FAILED: { message: "the tag is unsupported, or does not fit its value", hint: REMOVE_TAGS },
  BAD_COLLECTION_TYPE: { message: "the tag does not fit its value", hint: REMOVE_TAGS },
  RESOURCE_EXHAUSTION: { message: "the values are nested too deeply", hint: CHECK_BEFORE },
};

/** Describes a bracket that is not closed. The parser has one code for it and for wrong indentation. */
function describeOpenBracket(message: string): YamlProblem | undefined {
  const bracket = /end with a ([\]}])/.exec(message)?.[1];
  if (bracket === undefined) return undefined;
  return {
    message: `"${bracket}" is missing before this place`,
    hint: `Add "${bracket}", or indent the lines of the list or object in brackets more than its key.`,
  };
}

function describeMissingCharacter(message: string): YamlProblem {
  const quote = /closing (['"])/.exec(message)?.[1];
  if (quote !== undefined) return { message: `the closing quote ${quote} is missing`, hint: "Close the quotes." };
  if (message.startsWith("Implicit map keys"))
    return { message: 'a ":" is missing after this key', hint: "Write `key: value`, with a space after the colon." };
  if (message.startsWith("Missing ,")) return { message: '"," is missing before this value', hint: CHECK_BEFORE };
  return { message: "a separator is missing before this place", hint: CHECK_BEFORE };
}

/** Describes an error about the aliases of a document, which is found after parsing and has no place. */
export function describeAliasError(message: string): string {
  const alias = /^Unresolved alias.*: (.+)$/.exec(message)?.[1];
  if (alias !== undefined) return `the alias *${alias} has no anchor &${alias} before it`;
  return message.startsWith("Excessive alias count") ? "too many YAML aliases" : `invalid YAML: ${message}`;
}

/** Returns the key at an offset without quotes, because the parser's errors have only the offset. */
function findKey(text: string, offset: number): string {
  const [line = ""] = text.slice(offset).split("\n", 1);
  const [, double, single, plain] = /^(?:"([^"]*)"|'([^']*)'|([^:]*))/.exec(line) ?? [];
  return (double ?? single ?? plain ?? line).trim();
}

/** Describes an error of the YAML parser at its place in the text, in the words of this project. */
export function describeYamlError({ code, message, pos: [start, end] }: YAMLParseError, text: string): YamlProblem {
  const found = text.slice(start, end);
  switch (code) {
    case "DUPLICATE_KEY":
      return {
        message: `the key "${findKey(text, start)}" is defined twice`,
        hint: "Rename or remove one of the two.",
      };
    case "BAD_INDENT":
      return (
        describeOpenBracket(message) ?? {
          message: "the indentation differs from that of the lines before",
          hint: "Indent the keys of an object, or the items of a list, by the same number of spaces.",
        }
      );
    case "MISSING_CHAR":
      return describeOpenBracket(message) ?? describeMissingCharacter(message);
    case "BAD_SCALAR_START":
      return { message: `a value without quotes cannot start with ${text[start]}`, hint: QUOTE_VALUE };
    case "BAD_DQ_ESCAPE":
      return {
        message: `${text.slice(start, start + 2)} is not an escape sequence`,
        hint: "Write \\\\ for a backslash, or use single quotes.",
      };
    case "UNEXPECTED_TOKEN":
      return { message: `"${found}" is unexpected here`, hint: CHECK_BEFORE };
    default:
      return PROBLEMS[code] ?? { message: "the structure is wrong", hint: CHECK_BEFORE };
  }
}
