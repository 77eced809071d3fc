import { type Liquid, Tag, type TagToken, type TopLevelToken } from "liquidjs";

function skipToEndTag(tag: TagToken, remaining: TopLevelToken[], nested: boolean): void {
  const end = `end${tag.name}`;
  let depth = 1;
  for (let token = remaining.shift(); token !== undefined; token = remaining.shift()) {
    const { name } = token as TagToken;
    if (name === end) depth--;
    else if (nested && name === tag.name) depth++;
    if (depth === 0) return;
  }
  throw new Error(`tag ${tag.getText()} not closed`);
}

/** `{% doc %}`: a description of the template. It prints nothing. */
export class DocTag extends Tag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
    super(token, remaining, liquid);
    if (token.args !== "") throw new Error('the "doc" tag takes no arguments');
    skipToEndTag(token, remaining, false);
  }

  override render(): void {}
}

/** `{% comment %}`, which can contain other comments. */
export class NestedCommentTag extends Tag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
    super(token, remaining, liquid);
    skipToEndTag(token, remaining, true);
  }

  override render(): void {}
}
