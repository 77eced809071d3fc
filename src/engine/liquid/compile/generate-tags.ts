import type { Template } from "liquidjs";
import { quoteText } from "./code-writer.js";
import { generateOperand, generateOutputValue, generateValue } from "./generate-expressions.js";
import { checkVariableName } from "./generate-paths.js";
import { type Generation, UnsupportedTemplateError } from "./generation.js";
import { getStaticText, isOutput, isTag, type TagNode, type TokenNode, type ValueNode } from "./parse-tree.js";

/** Returns whether an expression reads `continue`, which only the arguments of a loop can read. */
const readsContinue = (token: TokenNode): boolean => /\bcontinue\b/.test(token.getText());

/** The arguments that select items: variables with their values, or undefined. */
interface Selection {
  offset?: string;
  limit?: string;
}

/** Writes code that evaluates all arguments in order, because each must be a whole number. */
function generateSelection(tag: TagNode, generation: Generation): Selection {
  const selection: Selection = {};
  for (const [name, token] of Object.entries(tag.hash.hash)) {
    if (token === undefined || name === "reversed") continue;
    if (readsContinue(token)) throw new UnsupportedTemplateError('a loop that reads "continue"');
    const value = generation.writer.assign(`toLimit(${generateOperand(token, generation)}, ${quoteText(name)})`);
    if (name === "offset" || name === "limit") selection[name] = value;
  }
  return selection;
}

/** Writes `for`. `at` is the index of its template. */
function generateLoop(tag: TagNode, generation: Generation, at: number): void {
  const { writer, loops } = generation;
  checkVariableName(tag.variable);
  const all = writer.assign(`toLoopItems(${generateOperand(tag.collection, generation)})`);
  const { offset, limit } = generateSelection(tag, generation);
  const isReversed = "reversed" in tag.hash.hash;
  const selected =
    offset === undefined && limit === undefined && !isReversed
      ? all
      : writer.assign(`sliceItems(${all}, ${offset}, ${limit})`);
  if (isReversed) writer.write(`${selected}.reverse();`);
  const name = `${tag.variable}-${tag.collection.getText()}`;
  writer.write(
    `frame.saveLoopEnd(${quoteText(`continue-${name}`)}, ${offset ? `(${offset} ?? 0) + ` : ""}${selected}.length);`,
  );
  writer.write(`if (${selected}.length === 0) {`);
  generateTemplates(tag.elseTemplates ?? [], generation, at);
  writer.write("} else {");
  const [index, item, label] = [writer.createName("i"), writer.createName("item"), writer.createName("loop")];
  writer.write(`${label}: for (let ${index} = 0; ${index} < ${selected}.length; ${index}++) {`);
  writer.write(`const ${item} = ${selected}[${index}];`);
  const { barriers } = generation;
  generation.barriers = 0;
  loops.push({ variable: tag.variable, item, index, items: selected, name, label });
  generation.enterLoop(at, () => generateTemplates(tag.templates, generation, at));
  loops.pop();
  generation.barriers = barriers;
  writer.write("} }");
}

/** Writes the code of a tag. `at` is the index of its template. */
type GenerateTag = (tag: TagNode, generation: Generation, at: number) => void;

/** Writes code that renders templates one after the other. `parent` is the template that contains them, or -1. */
export function generateTemplates(templates: readonly Template[], generation: Generation, parent: number): void {
  for (const template of templates) {
    const text = getStaticText(template);
    if (text === "") continue;
    const at = generation.enter(template, parent);
    if (text !== undefined) generation.writeText(text);
    else if (isOutput(template)) generateOutput(template.value, generation);
    else {
      const generate = isTag(template) ? TAGS.get(template.name) : undefined;
      if (!isTag(template) || generate === undefined)
        throw new UnsupportedTemplateError(`the tag "${template.token.getText()}"`);
      generate(template, generation, at);
    }
  }
}

function generateOutput(value: ValueNode, generation: Generation): void {
  const { writer } = generation;
  const rendersOtherTexts = generation.rendersOtherTexts;
  generation.rendersOtherTexts = false;
  generation.mayReadContent = true;
  const code = generateOutputValue(value, generation);
  generation.mayReadContent = false;
  generation.writeOutput(`print(${code}, frame)`);
  if (generation.rendersOtherTexts) writer.write(`if (frame.isInterrupted()) return ${generation.sink};`);
  generation.rendersOtherTexts ||= rendersOtherTexts;
}

/** Writes the tag `t`, whose translation is rendered with the variables of the template. */
function generateTranslation(tag: TagNode, generation: Generation, at: number): void {
  const { writer, sink } = generation;
  if (!generation.canRenderOtherTexts()) throw new UnsupportedTemplateError('"t" in a loop, "case" or "capture"');
  generation.rendersOtherTexts = true;
  const text = writer.assign(`${writer.addConstant(tag)}.translate(frame.context)`);
  writer.write(`if (${text} !== null) {`);
  generation.writeOutput(text);
  writer.write(`if (frame.isInterrupted()) return ${sink};`);
  writer.write("} else {");
  generateTemplates(tag.fallbackTemplates, generation, at);
  writer.write("}");
}

/** Writes `if` and `else` of branches. `negatesFirst` is set for `unless`. */
function generateBranches(tag: TagNode, generation: Generation, at: number, negatesFirst: boolean): void {
  const { writer } = generation;
  let depth = 0;
  for (const [index, { value, templates }] of tag.branches.entries()) {
    if (index > 0) {
      writer.write("} else {");
      depth++;
    }
    const condition = `isTrue(${generateValue(value, generation)})`;
    writer.write(`if (${negatesFirst && index === 0 ? `!${condition}` : condition}) {`);
    generateTemplates(templates, generation, at);
  }
  const fallback = tag.elseTemplates ?? [];
  if (fallback.length > 0) {
    writer.write("} else {");
    generateTemplates(fallback, generation, at);
  }
  writer.write("}".repeat(depth + 1));
}

/** Writes `case`. The block of a `when` is rendered once for each value that matches. */
function generateCase(tag: TagNode, generation: Generation, at: number): void {
  const { writer } = generation;
  if (tag.value === undefined) throw new UnsupportedTemplateError('"case" without a value');
  const target = writer.assign(`toValue(${generateValue(tag.value, generation)})`);
  const matched = writer.createName("matched");
  writer.write(`let ${matched} = false;`);
  generation.barriers++;
  for (const { values, templates } of tag.branches) {
    writer.write(`at = ${at};`);
    if (values === null) writer.write(`if (!${matched}) {`);
    else {
      const times = writer.createName("times");
      writer.write(`let ${times} = 0;`);
      for (const value of values)
        writer.write(`if (equals(${target}, ${generateOperand(value, generation)})) ${times}++;`);
      writer.write(`if (${times} > 0) ${matched} = true;`);
      writer.write(`for (; ${times} > 0; ${times}--) {`);
    }
    generateTemplates(templates, generation, at);
    writer.write("}");
  }
  generation.barriers--;
}

function generateCapture(tag: TagNode, generation: Generation, at: number): void {
  const { writer, sink } = generation;
  checkVariableName(tag.variable);
  generation.sink = writer.createName("captured");
  generation.barriers++;
  writer.write(`let ${generation.sink} = "";`);
  generateTemplates(tag.templates, generation, at);
  writer.write(`variables[${quoteText(tag.variable)}] = chargeResult(frame, ${generation.sink});`);
  generation.barriers--;
  generation.sink = sink;
}

function generateJump(keyword: string): GenerateTag {
  return (_tag, generation) => {
    const loop = generation.loops.at(-1);
    if (loop === undefined || generation.barriers > 0)
      throw new UnsupportedTemplateError(`"${keyword}" that ends more than a loop's iteration`);
    generation.writer.write(`${keyword} ${loop.label};`);
  };
}

/** Writes `increment` or `decrement`, which count in a variable of the scope. */
function generateCounter(expression: (variable: string) => string): GenerateTag {
  return (tag, generation) => {
    checkVariableName(tag.variable);
    const variable = `environment[${quoteText(tag.variable)}]`;
    generation.writer.write(`if (typeof ${variable} !== "number") ${variable} = 0;`);
    generation.writeOutput(`String(${expression(variable)})`);
  };
}

function generatePartial({ key, inputs }: TagNode, generation: Generation): void {
  if (key === null || inputs === null) throw new UnsupportedTemplateError('"render" without a key');
  // An HTML partial gets `vars.branding` from the context, which does not contain the variables of generated loops.
  if (generation.loops.some(({ variable }) => variable === "vars"))
    throw new UnsupportedTemplateError('"render" in a loop over "vars"');
  const values = Object.entries(inputs.hash).map(([name, token]) => {
    checkVariableName(name);
    return `${quoteText(name)}: ${token === undefined ? "true" : generateOperand(token, generation)}`;
  });
  generation.addFilterWork();
  generation.writeOutput(`renderPartial(${quoteText(key)}, { ${values.join(", ")} }, frame)`);
}

const ignoreTag: GenerateTag = () => {};

const TAGS = new Map<string, GenerateTag>([
  ["#", ignoreTag],
  [
    "assign",
    ({ key, value }, generation) => {
      if (key === null || value === undefined) throw new UnsupportedTemplateError('"assign" without a value');
      checkVariableName(key);
      const assigned = generateValue(value, generation);
      generation.writer.write(`variables[${quoteText(key)}] = ${assigned};`);
    },
  ],
  ["break", generateJump("break")],
  ["capture", generateCapture],
  ["case", generateCase],
  ["comment", ignoreTag],
  ["continue", generateJump("continue")],
  ["decrement", generateCounter((variable) => `--${variable}`)],
  ["doc", ignoreTag],
  [
    "echo",
    ({ value }, generation) => {
      if (value === undefined) return;
      if (value.filters.at(-1)?.raw) throw new UnsupportedTemplateError("an output without conversion");
      generation.writeOutput(`print(toValue(${generateValue(value, generation)}), frame)`);
    },
  ],
  ["for", generateLoop],
  ["if", (tag, generation, at) => generateBranches(tag, generation, at, false)],
  ["increment", generateCounter((variable) => `${variable}++`)],
  ["liquid", ({ templates }, generation, at) => generateTemplates(templates, generation, at)],
  ["raw", ({ tokens }, generation) => generation.writeText(tokens.map((token) => token.getText()).join(""))],
  ["render", generatePartial],
  ["t", generateTranslation],
  ["unless", (tag, generation, at) => generateBranches(tag, generation, at, true)],
]);
