// Serves a page in which optimizers race over a surface.
//   npm run paths:page -- --port 8080
import { servePage } from "../page/site.ts";
import { createPathsServer } from "./server.ts";

const description = "Serves a page in which optimizers race over a surface.";
await servePage("paths:page", description, createPathsServer);
