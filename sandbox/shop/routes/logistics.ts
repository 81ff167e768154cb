import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { DELIVERY_OPTIONS, providersOf, type Warehouse } from '../state/warehouses.ts';
import { ShopFault } from '../wire/answers.ts';
import type { Router } from '../wire/router.ts';
import type { World } from '../world.ts';

const LIMITS = { dimension_limit: { max_height: 60, max_length: 100, max_width: 60, unit: 'CM' }, weight_limit: { max_weight: 30_000, min_weight: 1, unit: 'GRAM' }, platform: ['TIKTOK_SHOP'] };

export function logisticsRoutes(world: World, { add }: Router): void {
  add('GET', '/logistics/202309/warehouses', ['seller.logistics'], ({ shop }) => ({ warehouses: shop.warehouses.map(warehouseView) }));
  add('GET', '/logistics/202309/global_warehouses', ['seller.logistics'], ({ seller }) => ({
    global_warehouses: world.shops.of(seller).flatMap(({ warehouses }) => warehouses.map(({ id, name }) => ({ id, name, ownership: 'SELLER' }))),
  }), 'seller');

  add('GET', '/logistics/202309/warehouses/{warehouse_id}/delivery_options', ['seller.logistics'], ({ shop, param, query }) => {
    query(z.object({ scope: z.enum(['WAREHOUSE', 'PRODUCT']).optional() }));
    if (!shop.warehouses.some(({ id }) => id === param('warehouse_id'))) throw new ShopFault(11034009, 'The warehouse does not exist.');
    return { delivery_options: Object.values(DELIVERY_OPTIONS).map((option) => ({ ...option, ...LIMITS })) };
  });

  add('GET', '/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers', ['seller.logistics', 'seller.fulfillment.basic'], ({ shop, param }) => {
    const option = Object.values(DELIVERY_OPTIONS).find(({ id }) => id === param('delivery_option_id'));
    if (!option) throw new ShopFault(21008116, 'The delivery option is not subscribed.');
    if (option.type !== 'SEND_BY_SELLER') throw new ShopFault(21008117, 'The delivery option is run by TikTok, which chooses the provider.');
    return { shipping_providers: providersOf(shop.region).map(({ id, name }) => ({ id, name })) };
  });
}

const warehouseView = (warehouse: Warehouse): Json => ({
  id: warehouse.id,
  entity_id: `${warehouse.id.slice(0, -1)}9`,
  name: warehouse.name,
  effect_status: 'ENABLED',
  type: warehouse.type,
  sub_type: 'DOMESTIC_WAREHOUSE',
  is_default: warehouse.is_default,
  address: {
    region: warehouse.region_code,
    region_code: warehouse.region_code,
    state: warehouse.state,
    city: warehouse.city,
    // TikTok's spelling.
    distict: warehouse.town,
    town: warehouse.town,
    contact_person: 'Warehouse desk',
    first_name: 'Warehouse',
    last_name: 'Desk',
    postal_code: warehouse.postal_code,
    full_address: `${warehouse.line}, ${warehouse.town}, ${warehouse.city}, ${warehouse.state}`,
    address_line1: warehouse.line,
    phone_number: '(+44)7700900123',
    geolocation: { latitude: '53.4808', longitude: '-2.2426' },
  },
});
