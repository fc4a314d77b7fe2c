// oidc-provider: the country's own provider. Lets anybody in under the name that is typed, as its development pages do.
import http from "node:http";
import { Provider } from "oidc-provider";

const [callback, secret] = process.argv.slice(2);
const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "node", client_secret: secret, redirect_uris: [callback], token_endpoint_auth_method: "client_secret_post" }],
    cookies: { keys: ["a-key-for-cookies"] },
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
