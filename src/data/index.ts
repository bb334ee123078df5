export { type Dataset, type Rows, TensorDataset } from "./dataset.ts";
export { DataLoader, type LoaderOptions } from "./loader.ts";
