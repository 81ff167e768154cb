import { randomBytes } from 'node:crypto';
import type { DemoApi } from './api.ts';

export interface Person {
  email: string;
  password: string;
}

/** Registers somebody new, who is then signed in. */
export async function register(api: DemoApi): Promise<Person> {
  const person = { email: `demo-${randomBytes(4).toString('hex')}@example.test`, password: randomBytes(9).toString('base64url'), full_name: 'Demo' };
  await api.post('/api/auth/register', person);
  await api.signIn(person.email, person.password);
  return person;
}
