import { compare } from 'bcryptjs';
import { AccessToken, AccountUser, Role, seedDemo, User } from '#libs/database';
import { useDatabase } from '../harness/database.js';

const database = useDatabase();

describe(seedDemo.name, () => {
  beforeAll(() => seedDemo(database.source, { adminEmail: 'Boss@Example.com', adminPassword: 'Password1!' }));

  const membersOf = (account: string): Promise<{ email: string; role: number; type: string | null }[]> =>
    database.query(
      `select u.email, m.role, u.type from account_users m
         join users u on u.id = m.user_id join accounts a on a.id = m.account_id
        where a.name = $1 order by u.id`,
      [account],
    );

  it('makes an account with an administrator of the installation and an agent, and one that is none of theirs', async () => {
    expect(await membersOf('Acme Inc')).toEqual([
      { email: 'boss@example.com', role: Role.administrator, type: 'SuperAdmin' },
      { email: 'agent@example.com', role: Role.agent, type: null },
    ]);
    expect(await membersOf('Globex')).toEqual([
      { email: 'admin@globex.example.com', role: Role.administrator, type: null },
    ]);
    expect(await database.source.getRepository(AccountUser).count()).toBe(3);
  });

  it('lets everybody sign in as DeskFlow would: confirmed, by e-mail, with the one password', async () => {
    const users = await database.source.getRepository(User).find({
      select: { email: true, uid: true, provider: true, encryptedPassword: true, confirmedAt: true },
    });
    for (const user of users) {
      expect(user).toMatchObject({ uid: user.email, provider: 'email', confirmedAt: expect.any(Date) });
      expect(user.encryptedPassword).toMatch(/^\$2[ab]\$11\$/);
      expect(await compare('Password1!', user.encryptedPassword)).toBe(true);
      expect(await compare('password1!', user.encryptedPassword)).toBe(false);
    }
  });

  it('gives everybody an API token of their own', async () => {
    const tokens = (await database.source.getRepository(AccessToken).find()).map(({ token }) => token);
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(token).toMatch(/^[1-9A-HJ-NP-Za-km-z]{24}$/);
  });

  it('makes nothing at all when somebody is there already', async () => {
    await expect(
      seedDemo(database.source, { adminEmail: 'boss@example.com', adminPassword: 'Password1!' }),
    ).rejects.toThrow('duplicate key');
    expect(await database.query('select name from accounts order by id')).toHaveLength(2);
  });
});
