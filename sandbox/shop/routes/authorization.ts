import type { World } from '../world.ts';
import type { Router } from '../wire/router.ts';

/** Which shops a consent is good for; the ciphers come from here alone. */
export function authorizationRoutes(world: World, { add }: Router): void {
  add('GET', '/authorization/202309/shops', ['seller.authorization.info'], ({ seller }) => ({
    shops: world.shops.of(seller).map(({ id, name, region, seller_type, cipher, code }) => ({ id, name, region, seller_type, cipher, code })),
  }), 'seller');

  add('GET', '/seller/202309/shops', ['seller.shop.info'], ({ seller }) => ({
    shops: world.shops.of(seller).filter(({ active }) => active).map(({ id, region }) => ({ id, region })),
  }), 'seller');

  add('GET', '/seller/202309/permissions', ['seller.shop.info'], () => ({ permissions: [] }), 'seller');
}
