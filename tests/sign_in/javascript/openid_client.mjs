// openid-client: certified relying party for Node.js. Says where to sign in, is told the address that the browser is sent back to.
import readline from "node:readline/promises";
import * as oidc from "openid-client";

const [url, portal, terminal, importer, secret, callback, goodbye] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (document) => console.log(JSON.stringify(document));
const insecure = { execute: [oidc.allowInsecureRequests] };
const discover = (client, authentication) =>
  oidc.discovery(new URL(url), client, undefined, authentication ?? oidc.None(), insecure);

const config = await discover(portal);
const verifier = oidc.randomPKCECodeVerifier();
const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
const parameters = {
  redirect_uri: callback,
  scope: "openid profile email",
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
};
say({ open: oidc.buildAuthorizationUrl(config, parameters).href });
const returned = new URL((await lines.next()).value);
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
const tokens = await oidc.authorizationCodeGrant(config, returned, checks);
const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);

const service = await discover(importer, oidc.ClientSecretBasic(secret));
const own = await oidc.clientCredentialsGrant(service);
const inspected = await oidc.tokenIntrospection(service, renewed.access_token);

const device = await discover(terminal);
const begun = await oidc.initiateDeviceAuthorization(device, { scope: "openid" });
say({ open: begun.verification_uri_complete });
await lines.next();
const let_in = await oidc.pollDeviceAuthorizationGrant(device, { ...begun, interval: 1 });

const away = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye });
const left = await fetch(away, { redirect: "manual" });
const refused = await oidc.refreshTokenGrant(config, renewed.refresh_token).catch((error) => error.error);
say({
  person: person.sub,
  email: person.email,
  service: Boolean(own.access_token),
  inspected: inspected.sub,
  device: let_in.claims().sub,
  left: left.headers.get("location"),
  refused,
});
process.exit(0);
