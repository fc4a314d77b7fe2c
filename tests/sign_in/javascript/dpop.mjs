// openid-client with DPoP: every token is bound to a key that never leaves this program.
import readline from "node:readline/promises";
import * as oidc from "openid-client";

const [url, portal, , , , callback] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (document) => console.log(JSON.stringify(document));
const config = await oidc.discovery(new URL(url), portal, undefined, oidc.None(), { execute: [oidc.allowInsecureRequests] });
const keys = await oidc.randomDPoPKeyPair();
const DPoP = oidc.getDPoPHandle(config, keys);
const verifier = oidc.randomPKCECodeVerifier();
const state = oidc.randomState();
const parameters = {
  redirect_uri: callback,
  scope: "openid",
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  dpop_jkt: await DPoP.calculateThumbprint(),
  state,
};
say({ open: oidc.buildAuthorizationUrl(config, parameters).href });
const returned = new URL((await lines.next()).value);
const tokens = await oidc.authorizationCodeGrant(config, returned, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP });
const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
const me = new URL(`${url}/v1/me`);
const kept = await oidc.fetchProtectedResource(config, renewed.access_token, me, "GET", undefined, undefined, { DPoP });
const stolen = await fetch(me, { headers: { authorization: `Bearer ${renewed.access_token}` } });
const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());
const refused = await oidc.refreshTokenGrant(config, renewed.refresh_token, undefined, { DPoP: other }).catch((error) => error.error);
say({
  type: renewed.token_type,
  person: person.sub,
  officer: (await kept.json()).officer.name,
  stolen: stolen.status,
  refused,
});
process.exit(0);
