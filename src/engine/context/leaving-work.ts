/** Leaves work to live workers whose project has what this one lacks. */
export class LeavingWork {
  private readonly answers = new Map<string, Promise<boolean>>();
  private readonly tokens = new Set<string>();

  constructor(private readonly isElsewhere: (name: string) => Promise<boolean>) {}

  /** Returns the items of a claim that this worker does. `findMissing` returns the name of something that its project lacks, or null. */
  async keepOwn<Item>(
    items: readonly Item[],
    token: string,
    findMissing: (item: Item) => Promise<string | null> | string | null,
  ): Promise<Item[]> {
    const own: Item[] = [];
    for (const item of items) {
      const name = await findMissing(item);
      if (name !== null && (await this.ask(name))) this.tokens.add(token);
      else own.push(item);
    }
    return own;
  }

  /** Returns the claims that contain work that was left. They are released at the end of the task. */
  listTokens(): string[] {
    return [...this.tokens];
  }

  private ask(name: string): Promise<boolean> {
    const answer = this.answers.get(name) ?? this.isElsewhere(name);
    this.answers.set(name, answer);
    return answer;
  }
}
