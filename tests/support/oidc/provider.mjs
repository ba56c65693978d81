// An OpenID Connect provider on loopback, for the tests alone. Its accounts, and the addresses of
// the one client, come from the environment as JSON; any password is right.
import Provider from 'oidc-provider';

const { port, accounts, client } = JSON.parse(process.env.OIDC_TEST);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: ['only-for-tests'] },
  pkce: { required: () => true },
  features: { rpInitiatedLogout: { enabled: true } },
  findAccount: (_context, id) =>
    accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
  // Nobody is asked to agree: the organisation has agreed for its people.
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

provider.listen(port, '127.0.0.1', () => console.log('listening'));
