/** A word that can be completed. */
export interface Candidate {
  name: string;
  description: string;
}

export const toCandidate = (name: string): Candidate => ({ name, description: "" });

/** Makes the scripts complete paths of files. The completion library defines this word. */
export const FILES = "__tabtab_complete_files__";
