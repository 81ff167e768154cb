import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { editCoinPackage, editGift, insertCoinPackage, insertGift, listAllCoinPackages, listAllGifts } from '../../db/coin-catalogue.repository.ts';
import { grantCoins } from '../../db/coin-grant.repository.ts';
import { listLedgerChecks } from '../../db/ledger-check.repository.ts';
import { findSocialApp } from '../../db/social-app.repository.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import { brokenConstraint } from '../database-faults.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { EXAMPLE_ID, idParam } from '../schemas/common.ts';
import { yesOrNo } from '../schemas/query.ts';
import { coinPackageChange, coinPackageSchema, giftChange, giftSchema, grantSchema, ledgerCheckSchema, newCoinPackage, newGift, newGrant, toCoinPackage, toGift, toLedgerCheck } from '../schemas/social-catalogue.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Social app'];
const catalogueQuery = pageQuery.extend({ active: yesOrNo('true: only what is on offer; false: only what was taken out.').optional() });

const listGiftsRoute = apiRoute({
  method: 'get',
  path: '/social/gifts',
  access: 'social.view',
  tags,
  summary: 'List the gifts of the app, newest first',
  request: { query: catalogueQuery },
  responses: { 200: jsonAnswer(pageSchema(giftSchema), 'One page.') },
});
const addGift = apiRoute({
  method: 'post',
  path: '/social/gifts',
  access: 'social.manage',
  tags,
  summary: 'Add a gift',
  request: { body: jsonBodyOf(newGift) },
  responses: { 201: jsonAnswer(giftSchema, 'The gift, which apps show from now on.') },
});
const changeGift = apiRoute({
  method: 'patch',
  path: '/social/gifts/{id}',
  access: 'social.manage',
  tags,
  summary: 'Change a gift, or put it back',
  description: 'Another price holds for what is sent from now on. An app that says what it shows (`coins` of sendGift) is refused where it shows the old one.',
  request: { params: idParam, body: jsonBodyOf(giftChange) },
  responses: { 200: jsonAnswer(giftSchema, 'The gift.') },
});
const removeGift = apiRoute({
  method: 'delete',
  path: '/social/gifts/{id}',
  access: 'social.manage',
  tags,
  summary: 'Take a gift out of the catalogue',
  description: 'Those that were sent stay.',
  request: { params: idParam },
  responses: { 204: { description: 'It can be sent no more.' } },
});

const listPackages = apiRoute({
  method: 'get',
  path: '/social/coin-packages',
  access: 'social.view',
  tags,
  summary: 'List the coin packages of the app, newest first',
  request: { query: catalogueQuery },
  responses: { 200: jsonAnswer(pageSchema(coinPackageSchema), 'One page.') },
});
const addPackage = apiRoute({
  method: 'post',
  path: '/social/coin-packages',
  access: 'social.manage',
  tags,
  summary: 'Add a coin package',
  description: 'Its products must be at the stores already, as consumable ones.',
  request: { body: jsonBodyOf(newCoinPackage) },
  responses: { 201: jsonAnswer(coinPackageSchema, 'The package, which apps show from now on.') },
});
const changePackage = apiRoute({
  method: 'patch',
  path: '/social/coin-packages/{id}',
  access: 'social.manage',
  tags,
  summary: 'Change a coin package, or put it back',
  description: 'A purchase grants what the package of its product holds when the store has confirmed it.',
  request: { params: idParam, body: jsonBodyOf(coinPackageChange) },
  responses: { 200: jsonAnswer(coinPackageSchema, 'The package.') },
});
const removePackage = apiRoute({
  method: 'delete',
  path: '/social/coin-packages/{id}',
  access: 'social.manage',
  tags,
  summary: 'Take a coin package out of the catalogue',
  description: 'Take its products out of the stores first: what is bought of one that is in no package grants nothing.',
  request: { params: idParam },
  responses: { 204: { description: 'It is offered no more.' } },
});

const listChecks = apiRoute({
  method: 'get',
  path: '/social/ledger-checks',
  access: 'social.view',
  tags,
  summary: 'Show whether the coins added up, night by night',
  request: { query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(ledgerCheckSchema), 'Checks, newest first.') },
});
const grant = apiRoute({
  method: 'post',
  path: '/social/wallets/{user_id}/grant',
  access: 'social.manage',
  tags,
  summary: 'Give coins of the house to a user',
  description: 'Such as support does. The same request_id gives once: sent again it answers what it gave.',
  request: { params: z.object({ user_id: uuid().openapi({ param: { name: 'user_id', in: 'path' }, example: EXAMPLE_ID }) }), body: jsonBodyOf(newGrant) },
  responses: { 200: jsonAnswer(grantSchema, 'It was given before.'), 201: jsonAnswer(grantSchema, 'The coins are in the wallet.') },
});

/** Which field a constraint is about. */
const TAKEN: Readonly<Record<string, string>> = { gifts_name: 'name', coin_packages_apple: 'apple_product_id', coin_packages_google: 'google_product_id' };

/** @throws ApiError (422) that names the field of which there may be one only */
async function unlessTaken<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    const field = TAKEN[brokenConstraint(error) ?? ''];
    if (field === undefined) throw error;
    throw fieldError(field, 'is that of another one on offer');
  }
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw new ApiError('not_found');
  return row;
}

export function socialCatalogueRoutes({ db }: ApiDeps): Router {
  /** The workspace of the request, where the app is its. */
  const appOf = async (c: Context<AppEnv>): Promise<string> => {
    const { id } = c.get('workspace');
    if ((await findSocialApp(db)) !== id) throw new ApiError('not_found', { detail: 'the app belongs to another workspace' });
    return id;
  };

  return createRouter()
    .openapi(listGiftsRoute, async (c) => {
      const { limit, cursor, active } = c.req.valid('query');
      const rows = await listAllGifts(db, { workspace_id: await appOf(c), active: active ?? null, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toGift), 200);
    })
    .openapi(addGift, async (c) => c.json(toGift(await unlessTaken(insertGift(db, await appOf(c), c.req.valid('json')))), 201))
    .openapi(changeGift, async (c) => c.json(toGift(found(await unlessTaken(editGift(db, await appOf(c), c.req.valid('param').id, c.req.valid('json'))))), 200))
    .openapi(removeGift, async (c) => {
      found(await editGift(db, await appOf(c), c.req.valid('param').id, { is_active: false }));
      return c.body(null, 204);
    })
    .openapi(listPackages, async (c) => {
      const { limit, cursor, active } = c.req.valid('query');
      const rows = await listAllCoinPackages(db, { workspace_id: await appOf(c), active: active ?? null, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toCoinPackage), 200);
    })
    .openapi(addPackage, async (c) => c.json(toCoinPackage(await unlessTaken(insertCoinPackage(db, await appOf(c), c.req.valid('json')))), 201))
    .openapi(changePackage, async (c) => c.json(toCoinPackage(found(await unlessTaken(editCoinPackage(db, await appOf(c), c.req.valid('param').id, c.req.valid('json'))))), 200))
    .openapi(removePackage, async (c) => {
      found(await editCoinPackage(db, await appOf(c), c.req.valid('param').id, { is_active: false }));
      return c.body(null, 204);
    })
    .openapi(listChecks, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      await appOf(c);
      return c.json(toIdPage(await listLedgerChecks(db, { before: idBefore(cursor), limit: limit + 1 }), limit, toLedgerCheck), 200);
    })
    .openapi(grant, async (c) => {
      const { user_id } = c.req.valid('param');
      const outcome = await grantCoins(db, { workspace_id: await appOf(c), user_id, granted_by: c.get('userId'), ...c.req.valid('json') });
      if (outcome.kind === 'gone') throw new ApiError('user_gone');
      if (outcome.kind === 'reused') throw new ApiError('request_reused');
      const { workspace_id: _workspace, created_at, ...given } = outcome.grant;
      c.get('log').info({ user_id, coins: given.coins, grant_id: given.id, granted_by: given.granted_by, outcome: outcome.kind }, 'coins of the house were given');
      return c.json({ ...given, created_at: created_at.toISOString(), balance: outcome.balance }, outcome.kind === 'granted' ? 201 : 200);
    });
}
