// Serves a page that trains in the browser.
//   npm run page -- --port 8080
import { createPageServer } from "./server.ts";
import { servePage } from "./site.ts";

const description = "Serves a page that trains a network on digits in your browser.";
await servePage("page", description, createPageServer);
