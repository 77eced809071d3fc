/** Called for each fault of what is read: where it is below the value, and what is wrong. */
export type Complain = (path: PropertyKey[], message: string) => void;
