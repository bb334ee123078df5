/** Starts the line of a program's output that holds its result. */
export const resultMark = "tapegrad result: ";
