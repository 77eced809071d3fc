import { TypeGuards } from "liquidjs";
import { quoteText } from "./code-writer.js";
import { type Generation, type LoopScope, UnsupportedTemplateError } from "./generation.js";
import type { TokenNode } from "./parse-tree.js";

/** Properties that liquidjs computes if a value does not have them. */
const COMPUTED_PROPERTIES = new Set(["size", "first", "last"]);

/** Names that also exist on objects, where liquidjs finds them in any scope. */
const isInheritedName = (name: string): boolean => name in Object.prototype;

/** Throws for the name of a variable that liquidjs treats in a special way. */
export function checkVariableName(name: string): void {
  if (isInheritedName(name) || COMPUTED_PROPERTIES.has(name) || name === "forloop" || name === "content")
    throw new UnsupportedTemplateError(`a variable called "${name}"`);
}

/** Writes code for an operand. Returns the expression of its value. */
type GenerateOperand = (token: TokenNode, generation: Generation) => string;

type GenerateForloopValue = (loop: LoopScope) => string;

const FORLOOP_PROPERTIES = new Map<string, GenerateForloopValue>([
  ["index", ({ index }) => `${index} + 1`],
  ["index0", ({ index }) => index],
  ["rindex", ({ index, items }) => `${items}.length - ${index}`],
  ["rindex0", ({ index, items }) => `${items}.length - ${index} - 1`],
  ["first", ({ index }) => `${index} === 0`],
  ["last", ({ index, items }) => `${index} === ${items}.length - 1`],
  ["length", ({ items }) => `${items}.length`],
  ["name", ({ name }) => quoteText(name)],
]);

function getStaticKey(token: TokenNode): string | number | undefined {
  if (TypeGuards.isWordToken(token) || TypeGuards.isQuotedToken(token)) return token.content;
  return TypeGuards.isNumberToken(token) && Number.isInteger(token.content) ? token.content : undefined;
}

/** A key of a path: its literal, or the variable with the value that the template computes. */
type Key = { literal: string | number } | { computed: string };

function generateForloop(keys: readonly Key[], { loops }: Generation): string {
  const [property, parentProperty] = keys.map((key) => ("literal" in key ? String(key.literal) : ""));
  const isParent = property === "parentloop";
  const loop = loops.at(isParent ? -2 : -1);
  const generate = FORLOOP_PROPERTIES.get((isParent ? parentProperty : property) ?? "");
  if (loop === undefined || generate === undefined || keys.length !== (isParent ? 2 : 1))
    throw new UnsupportedTemplateError(`"forloop" other than its properties`);
  return generate(loop);
}

/** Returns the expression of a variable: of a loop, else one that a text assigned, else one of the scope. */
function generateRoot(name: string, generation: Generation): string {
  const loop = generation.loops.findLast(({ variable }) => variable === name);
  if (loop !== undefined) return loop.item;
  if (isInheritedName(name) || COMPUTED_PROPERTIES.has(name) || (name === "forloop" && generation.loops.length > 0))
    throw new UnsupportedTemplateError(`a variable called "${name}"`);
  const key = quoteText(name);
  const inScope = `(hasOwn.call(environment, ${key}) ? environment[${key}] : undefined)`;
  if (generation.assignedNames.has(name)) return `(hasOwn.call(variables, ${key}) ? variables[${key}] : ${inScope})`;
  return `(earlier !== null && hasOwn.call(earlier, ${key}) ? earlier[${key}] : ${inScope})`;
}

/** Writes code that reads a property of a variable, and assigns it to the variable. */
function writeStep(name: string, key: Key, token: TokenNode, { writer }: Generation): void {
  if ("computed" in key)
    return writer.write(`${name} = readComputed(${name}, ${key.computed}, ${writer.addConstant(token)});`);
  const { literal } = key;
  if (literal === "size") return writer.write(`${name} = readSize(${name});`);
  if (typeof literal === "number" || COMPUTED_PROPERTIES.has(literal))
    return writer.write(`${name} = readProperty(${name}, ${writer.quoteValue(literal)});`);
  const quoted = quoteText(literal);
  writer.write(
    `if (${name} != null) ${name} = hasOwn.call(${name}, ${quoted}) ? ${name}[${quoted}] : readInherited(${name}, ${quoted});`,
  );
}

/** Writes code for a path such as `order.items[0].name`. Returns the expression of its value. */
export function generatePath(token: TokenNode, generation: Generation, generateOperand: GenerateOperand): string {
  const { writer, loops } = generation;
  const { props = [], variable } = token;
  // liquidjs evaluates all keys before it reads the first property.
  const keys = props.map((prop): Key => {
    const literal = getStaticKey(prop);
    return literal === undefined ? { computed: generateOperand(prop, generation) } : { literal };
  });
  const name = writer.createName("e");
  let rest = keys;
  let base: string;
  if (variable !== undefined) base = generateOperand(variable, generation);
  else {
    const [root] = keys;
    if (
      root === undefined ||
      "computed" in root ||
      typeof root.literal !== "string" ||
      !TypeGuards.isWordToken(props[0])
    )
      throw new UnsupportedTemplateError("a variable with a computed name");
    rest = keys.slice(1);
    const isBound = loops.some((loop) => loop.variable === root.literal);
    if (root.literal === "forloop" && !isBound && loops.length > 0) {
      return writer.assign(generateForloop(rest, generation));
    }
    base =
      root.literal === "content" && !isBound
        ? generateContent(token, generation)
        : generateRoot(root.literal, generation);
  }
  writer.write(`let ${name} = ${base};`);
  for (const key of rest) writeStep(name, key, token, generation);
  return name;
}

/** Returns the expression of `content`, which in a layout is a function that renders the content in the same context. */
function generateContent(token: TokenNode, generation: Generation): string {
  if (!generation.mayReadContent || !generation.canRenderOtherTexts())
    throw new UnsupportedTemplateError('"content" outside of outputs at the top level');
  generation.rendersOtherTexts = true;
  return `readContent(frame, ${generation.writer.addConstant(token)})`;
}
