/** The families in the order of the page: folder of src/ops, title. */
export const FAMILIES: readonly (readonly [string, string])[] = [
  ["creation", "Creation"],
  ["elementwise", "Element-wise"],
  ["reduce", "Reductions"],
  ["scan", "Cumulative"],
  ["sort", "Sorting, counting, searching"],
  ["movement", "Shapes and movement"],
  ["indexing", "Indexing"],
  ["linalg", "Linear algebra"],
  ["conv", "Convolution"],
  ["pool", "Pooling"],
  ["resample", "Resampling"],
  ["norm", "Normalization layers"],
  ["attention", "Attention"],
  ["recurrent", "Recurrent cells"],
  ["losses", "Losses"],
  ["random", "Random numbers"],
];

/** How to read the page. */
export const INTRO = `# All ops

<!-- Written by \`npm run -s docs\` from the definitions. Mend these, not this page. -->

COUNTS

Read an entry like this: the signature with its defaults; what it computes; then

- **PyTorch**: what it is called there.
- **Derivative**: of a primitive op the formula of its rule, where \`g\` is the gradient that comes in
  and \`y\` the result. \`none\` means that no gradient flows to this input. Gradients are summed over
  axes that were broadcast. A function without a rule of its own is differentiated through the
  parts it is made of. All rules are made of ops, so every derivative has derivatives.
- **Bad input**: what it throws, always at the call, with a message that says what was given and how
  to mend it. What holds for all is not repeated: an operand that is no tensor is a \`DTypeError\` (most
  of these TypeScript refuses before); an axis out of range or named twice a \`ShapeError\`; tensors of
  two devices a \`DeviceError\`; an index that only the device knows to be out of range is never read or written, and
  rejects the next awaited call with an \`IndexError\`. NaN and infinities are no errors: see
  [nonFinite.md](nonFinite.md).

\`TensorLike\` is a \`Tensor\`, number or boolean; a plain number takes the tensor's dtype. All functions
work under \`vmap\`, except where it says so. The names link to the source. What differs from PyTorch on
purpose is in [differences.md](differences.md), the transforms (\`grad\`, \`vmap\`, …) are in
[transforms.md](transforms.md).`;
