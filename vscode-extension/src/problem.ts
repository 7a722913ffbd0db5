/** A failure that the user is told about: one sentence that says what is wrong and what to do. */
export class Problem extends Error {
  override readonly name = "Problem";
}
