import type { StockUpdate } from '../../domain/contracts/shop-api.ts';
import { formatMoney } from '../../domain/shop/money.ts';
import type { Caller } from './caller.ts';
import type { ShopAccess, ShopClient } from './client.ts';
import { at } from './path.ts';
import { failedOf, valueOf } from './results.ts';
import { nothingSchema, pageSchema } from './schemas/common.ts';
import { detailedProductSchema, inventorySchema, searchedProductSchema } from './schemas/products.ts';
import { atMost, pageQuery, timeFilter, unique } from './search-input.ts';

type ProductCalls = Pick<ShopClient, 'searchProducts' | 'product' | 'activateProducts' | 'deactivateProducts' | 'inventory' | 'updateInventory' | 'updatePrices'>;

const LARGEST_PAGE = 100;
const MAX_SEARCHED_SKUS = 10;
const MAX_SWITCHED = 20;
const MAX_STOCK_PRODUCTS = 100;
const MAX_STOCK_SKUS = 600;
const MAX_UPDATED_SKUS = 100;

const productPage = pageSchema('products', 'id', searchedProductSchema);

/** https://partner.tiktokshop.com/docv2/page/products-api-overview */
export function createProductCalls(call: Caller): ProductCalls {
  const switchTo = (route: 'activate' | 'deactivate') => async (shop: ShopAccess, ids: readonly string[], signal?: AbortSignal) => {
    const product_ids = atMost(unique(ids), MAX_SWITCHED, 'products');
    return failedOf(call(shop, { method: 'POST', path: at('/product/202309/products', route), json: { product_ids }, schema: nothingSchema, signal }));
  };
  return {
    async searchProducts(shop, { status, seller_skus, sku_ids, ...search }, signal) {
      const json = {
        ...(status === undefined ? {} : { status }),
        ...(seller_skus === undefined ? {} : { seller_skus: atMost(unique(seller_skus), MAX_SEARCHED_SKUS, 'seller SKUs') }),
        ...(sku_ids === undefined ? {} : { sku_ids: atMost(unique(sku_ids), MAX_SEARCHED_SKUS, 'SKUs') }),
        ...timeFilter(search, 'le'),
      };
      return valueOf(call(shop, { method: 'POST', path: '/product/202502/products/search', query: pageQuery(search, LARGEST_PAGE), json, schema: productPage, signal }));
    },
    product: (shop, productId, signal) => valueOf(call(shop, { method: 'GET', path: at('/product/202309/products', productId), schema: detailedProductSchema, signal })),
    activateProducts: switchTo('activate'),
    deactivateProducts: switchTo('deactivate'),
    async inventory(shop, of, signal) {
      const json =
        'sku_ids' in of
          ? { sku_ids: atMost(unique(of.sku_ids), MAX_STOCK_SKUS, 'SKUs') }
          : { product_ids: atMost(unique(of.product_ids), MAX_STOCK_PRODUCTS, 'products') };
      return valueOf(call(shop, { method: 'POST', path: '/product/202309/inventory/search', json, schema: inventorySchema, signal }));
    },
    async updateInventory(shop, productId, skus, signal) {
      const json = { skus: atMost(skus, MAX_UPDATED_SKUS, 'SKUs').map(toStock) };
      return failedOf(call(shop, { method: 'POST', path: at('/product/202309/products', productId, 'inventory', 'update'), json, schema: nothingSchema, signal }));
    },
    async updatePrices(shop, productId, skus, signal) {
      const json = {
        skus: atMost(skus, MAX_UPDATED_SKUS, 'SKUs').map(({ sku_id, price, sale_price }) => ({
          id: sku_id,
          price: { amount: formatMoney(price), currency: price.currency, ...(sale_price === undefined ? {} : { sale_price: formatMoney(sale_price) }) },
        })),
      };
      return failedOf(call(shop, { method: 'POST', path: at('/product/202309/products', productId, 'prices', 'update'), json, schema: nothingSchema, signal }));
    },
  };
}

const toStock = ({ sku_id, inventory }: StockUpdate) => ({
  id: sku_id,
  inventory: inventory.map(({ warehouse_id, quantity }) => ({ ...(warehouse_id === null ? {} : { warehouse_id }), quantity })),
});
